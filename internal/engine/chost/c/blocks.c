/* blocks.c: allocation, poisoning and checking of tracked blocks. */
#include "blocks.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "frames.h"
#include "host.h"

enum { FRONT = 256, HEADER = 8, RETIRED = 64, FREED = 2048 };

struct block {
    struct block *next;
    struct library *owner;
    char what[64];
    uint8_t *page; /* first touchable byte */
    size_t mapped; /* touchable bytes */
    uint8_t *mem;
    size_t size;
    uint8_t *shadow; /* what must still be there, NULL: the plugin may write all */
    size_t free_off; /* the part of a shadowed block that the plugin may write */
    size_t free_len;
    bool freed;
};

static pthread_mutex_t blocks_mu = PTHREAD_MUTEX_INITIALIZER;
static struct block *blocks;

/* Blocks that were freed, the oldest of which makes room for the next. */
struct watched {
    struct block **blocks;
    size_t len;
    size_t next;
};

static struct block *retired_blocks[RETIRED], *freed_blocks[FREED];
static struct watched retired = {retired_blocks, RETIRED, 0}, freed = {freed_blocks, FREED, 0};

/* aarch64 kernels may have pages of 16 or 64 KiB. */
static size_t page_size(void)
{
    static size_t size;

    if (size == 0) {
        size = host_page_size();
    }
    return size;
}

/*
 * The word before a block is what glibc keeps there for a chunk that was
 * mmapped, so that its malloc_usable_size, which a plugin finds when the host
 * exports none, answers the exact size too.
 */
static uint64_t chunk_header(const struct block *b)
{
    enum { IS_MMAPPED = 2, CHUNK_HEADER = 16 };

    return ((b->size + 7) / 8 * 8 + CHUNK_HEADER) | IS_MMAPPED;
}

static void zones_fill(struct block *b)
{
    uint64_t header = chunk_header(b);
    uint8_t *end = b->mem + b->size;

    memset(b->page, ZONE_BYTE, (size_t) (b->mem - b->page));
    memcpy(b->mem - HEADER, &header, HEADER);
    memset(end, ZONE_BYTE, (size_t) (b->page + b->mapped - end));
}

static struct block *block_map(size_t size)
{
    size_t page = page_size();
    struct block *b = calloc(1, sizeof(*b));
    uint8_t *base;

    if (b == NULL) {
        die("out of memory");
    }
    b->size = size;
    b->mapped = (FRONT + size + FRONT + page - 1) / page * page;
    base = mmap(NULL, b->mapped + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED || mprotect(base + page, b->mapped, PROT_READ | PROT_WRITE) != 0) {
        die("out of memory");
    }
    b->page = base + page;
    b->mem = b->page + FRONT;
    zones_fill(b);
    return b;
}

/* Keeps the struct, of a few bytes, for those who still know it. */
static void block_unmap(struct block *b)
{
    munmap(b->page - page_size(), b->mapped + 2 * page_size());
    free(b->shadow);
    b->shadow = NULL;
}

static void block_link(struct block *b)
{
    pthread_mutex_lock(&blocks_mu);
    b->next = blocks;
    blocks = b;
    pthread_mutex_unlock(&blocks_mu);
}

static void block_unlink(struct block *b)
{
    struct block **at = &blocks;

    while (*at != b) {
        at = &(*at)->next;
    }
    *at = b->next;
}

struct block *block_new(struct library *owner, size_t size, bool zeroed, const char *fmt, ...)
{
    struct block *b = block_map(size);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(b->what, sizeof(b->what), fmt, ap);
    va_end(ap);
    b->owner = owner;
    memset(b->mem, zeroed ? 0 : GARBAGE_BYTE, size);
    block_link(b);
    return b;
}

struct block *block_str(struct library *owner, const char *s, size_t len, const char *fmt, ...)
{
    struct block *b = block_map(len + 1);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(b->what, sizeof(b->what), fmt, ap);
    va_end(ap);
    b->owner = owner;
    memcpy(b->mem, s, len);
    b->mem[len] = '\0';
    block_link(b);
    block_protect(b, 0, 0);
    return b;
}

void *block_mem(const struct block *b)
{
    return b->mem;
}

void block_write(struct block *b, size_t off, const void *from, size_t len)
{
    pthread_mutex_lock(&blocks_mu);
    memcpy(b->mem + off, from, len);
    if (b->shadow != NULL) {
        memcpy(b->shadow + off, from, len);
    }
    pthread_mutex_unlock(&blocks_mu);
}

static void shadow_take(struct block *b)
{
    if (b->shadow == NULL) {
        b->shadow = malloc(b->size);
        if (b->shadow == NULL) {
            die("out of memory");
        }
    }
    memcpy(b->shadow, b->mem, b->size);
}

void block_protect(struct block *b, size_t off, size_t len)
{
    pthread_mutex_lock(&blocks_mu);
    shadow_take(b);
    b->free_off = off;
    b->free_len = len;
    pthread_mutex_unlock(&blocks_mu);
}

static void block_poison(struct block *b)
{
    memset(b->mem, GARBAGE_BYTE, b->size);
    b->freed = true;
    shadow_take(b);
    b->free_len = 0;
}

/* The first and last byte of [p, p+len) that is not as wanted; false: all are. */
static bool differs(const uint8_t *p, const uint8_t *want, size_t len, size_t *first, size_t *last)
{
    if (len == 0 || memcmp(p, want, len) == 0) {
        return false;
    }
    *first = 0;
    while (p[*first] == want[*first]) {
        (*first)++;
    }
    *last = len - 1;
    while (p[*last] == want[*last]) {
        (*last)--;
    }
    return true;
}

static void block_fault(struct block *b, const char *call, enum fault_kind kind, ptrdiff_t offset,
                        size_t bytes)
{
    fault_report(b->freed ? FAULT_AFTER_FREE : kind, library_file(b->owner), call, b->what, b->size,
                 offset, bytes);
}

static void check_front(struct block *b, const char *call)
{
    size_t len = (size_t) (b->mem - b->page), first, last;
    uint64_t header = chunk_header(b);
    uint8_t want[FRONT];

    memset(want, ZONE_BYTE, len - HEADER);
    memcpy(want + len - HEADER, &header, HEADER);
    if (differs(b->page, want, len, &first, &last)) {
        block_fault(b, call, FAULT_BEFORE_START, (ptrdiff_t) first - (ptrdiff_t) len,
                    last - first + 1);
        zones_fill(b);
    }
}

static void check_back(struct block *b, const char *call)
{
    static uint8_t *want;
    uint8_t *end = b->mem + b->size;
    size_t len = (size_t) (b->page + b->mapped - end), first, last;

    if (want == NULL) {
        want = malloc(FRONT + page_size());
        if (want == NULL) {
            die("out of memory");
        }
        memset(want, ZONE_BYTE, FRONT + page_size());
    }
    if (differs(end, want, len, &first, &last)) {
        block_fault(b, call, FAULT_PAST_END, (ptrdiff_t) (b->size + first), last - first + 1);
        zones_fill(b);
    }
}

static void check_range(struct block *b, const char *call, size_t from, size_t to)
{
    size_t first, last;

    if (differs(b->mem + from, b->shadow + from, to - from, &first, &last)) {
        block_fault(b, call, FAULT_ENGINE_FIELD, (ptrdiff_t) (from + first), last - first + 1);
        memcpy(b->mem + from, b->shadow + from, to - from);
    }
}

static void check_inside(struct block *b, const char *call)
{
    if (b->shadow == NULL) {
        return;
    }
    check_range(b, call, 0, b->free_off);
    check_range(b, call, b->free_off + b->free_len, b->size);
}

/* Reports what is damaged, and repairs it, so that it is reported once. */
static void block_check(struct block *b, const char *call)
{
    check_front(b, call);
    check_back(b, call);
    check_inside(b, call);
}

void blocks_check(struct library *owner, const char *call)
{
    pthread_mutex_lock(&blocks_mu);
    for (struct block *b = blocks; b != NULL; b = b->next) {
        if (b->owner == owner) {
            block_check(b, call);
        }
    }
    pthread_mutex_unlock(&blocks_mu);
}

void blocks_check_all(void)
{
    pthread_mutex_lock(&blocks_mu);
    for (struct block *b = blocks; b != NULL; b = b->next) {
        block_check(b, "");
    }
    pthread_mutex_unlock(&blocks_mu);
}

static struct block *watch(struct watched *w, struct block *b)
{
    struct block *old = w->blocks[w->next];

    block_poison(b);
    w->blocks[w->next] = b;
    w->next = (w->next + 1) % w->len;
    if (old != NULL) {
        block_check(old, "");
        block_unlink(old);
        block_unmap(old);
    }
    return old;
}

void block_free(struct block *b)
{
    if (b == NULL) {
        return;
    }
    pthread_mutex_lock(&blocks_mu);
    if (!b->freed) {
        watch(&freed, b);
    }
    pthread_mutex_unlock(&blocks_mu);
}

void block_retire(struct block *b)
{
    struct block *old;

    pthread_mutex_lock(&blocks_mu);
    old = watch(&retired, b);
    pthread_mutex_unlock(&blocks_mu);
    free(old);
}

bool block_size_at(const void *p, size_t *size)
{
    bool found = false;

    pthread_mutex_lock(&blocks_mu);
    for (struct block *b = blocks; b != NULL; b = b->next) {
        if (b->mem == p && !b->freed) {
            *size = b->size;
            found = true;
            break;
        }
    }
    pthread_mutex_unlock(&blocks_mu);
    return found;
}

void fault_report(enum fault_kind kind, const char *plugin, const char *call, const char *what,
                  size_t size, ptrdiff_t offset, size_t bytes)
{
    struct out o;

    out_init(&o, REP_FAULT, 0);
    out_u8(&o, (uint8_t) kind);
    out_str(&o, plugin);
    out_str(&o, call);
    out_str(&o, what);
    out_u64(&o, size);
    out_u64(&o, (uint64_t) offset);
    out_u64(&o, bytes);
    out_send(&o, NULL, 0);
}
