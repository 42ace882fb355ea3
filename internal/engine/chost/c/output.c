/* output.c: the callbacks of outputs; flush runs in a coroutine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <pthread.h>

#include "coroutine.h"
#include "host.h"
#include "slots.h"

/* The memory of a chunk: [base, end) can be touched, the events end where the guard begins. */
struct chunk {
    uint8_t *base;
    uint8_t *end;
    uint8_t *events;
};

enum { CHUNK_GUARD = 1 << 16 };

struct flush {
    struct instance *ins;
    const void *events;
    size_t len;
    char *tag;
    int ret;
};

static bool start_pool(struct instance *i)
{
    char name[128];

    i->pool = calloc((size_t) i->workers, sizeof(struct loop *));
    for (int k = 0; k < i->workers; k++) {
        snprintf(name, sizeof(name), "flb-out-%s-w%d", i->label, k);
        i->pool[k] = loop_new(name);
        if (!loop_start(i->pool[k])) {
            return false;
        }
    }
    return true;
}

void output_init(struct job *j)
{
    struct instance *i = j->ins;
    int code;

    if (i->state != STATE_NEW) {
        reply_error(j->frame->id, "FLBPluginInit", 0, "the instance was initialised before");
        return;
    }
    if (!instance_init(i, j->frame->id, &code)) {
        return;
    }
    if (!start_pool(i)) {
        reply_error(j->frame->id, "FLBPluginInit", 0, "could not start the workers");
        return;
    }
    reply_ok(j->frame->id, code);
}

void output_start(struct job *j)
{
    if (j->ins->state != STATE_READY) {
        reply_error(j->frame->id, "FLBPluginOutputPreRun", 0,
                    "the instance is not initialised or has exited");
        return;
    }
    instance_call_int(j->ins, "FLBPluginOutputPreRun", host_hot_reload());
    reply_ok(j->frame->id, 0);
}

/* EXIT: also without Init, as the engine does after another instance failed. */
void output_exit(struct job *j)
{
    struct instance *i = j->ins;
    int state = i->state;

    if (state == STATE_EXITED) {
        reply_error(j->frame->id, "FLBPluginExit", 0, "the instance has exited");
        return;
    }
    i->state = STATE_EXITED;
    for (int k = 0; i->pool != NULL && k < i->workers; k++) {
        loop_join(i->pool[k]);
    }
    if (state != STATE_FAILED) {
        instance_call_int(i, "FLBPluginOutputPreExit", (int) get_u32(j->frame));
        instance_call_exit(i);
    }
    instance_destroy(i);
    reply_ok(j->frame->id, 0);
}

static bool chunk_map(struct chunk *c, const void *events, size_t len)
{
    size_t page = host_page_size(), size = (len + page - 1) / page * page;

    c->base = mmap(NULL, size + CHUNK_GUARD, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (c->base == MAP_FAILED) {
        return false;
    }
    c->end = c->base + size;
    c->events = c->end - len;
    if (size == 0) {
        return true;
    }
    if (mprotect(c->base, size, PROT_READ | PROT_WRITE) != 0) {
        munmap(c->base, size + CHUNK_GUARD);
        return false;
    }
    memset(c->base, ZONE_BYTE, size - len);
    memcpy(c->events, events, len);
    mprotect(c->base, size, PROT_READ);
    slots_region(REGION_CHUNK, c->base, size);
    slots_region(REGION_AFTER_CHUNK, c->end, CHUNK_GUARD);
    return true;
}

/* Takes the memory away, but keeps the addresses for a while, so that late use is seen. */
static void chunk_unmap(struct chunk *c)
{
    static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
    static struct chunk stale[STALE_CHUNKS];
    static size_t next;
    size_t size = (size_t) (c->end - c->base) + CHUNK_GUARD;
    struct chunk old;

    slots_region(REGION_CHUNK, NULL, 0);
    slots_region(REGION_AFTER_CHUNK, NULL, 0);
    mmap(c->base, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    pthread_mutex_lock(&mu);
    old = stale[next];
    stale[next] = *c;
    slots_stale_chunk(next, c->base, size);
    next = (next + 1) % STALE_CHUNKS;
    pthread_mutex_unlock(&mu);
    if (old.base != NULL) {
        munmap(old.base, (size_t) (old.end - old.base) + CHUNK_GUARD);
    }
}

static void call_flush(void *arg)
{
    struct flush *f = arg;
    struct library *l = f->ins->lib;

    if (l->flush_ctx != NULL) {
        f->ret = l->flush_ctx(instance_context(f->ins), f->events, f->len, f->tag);
    }
    else {
        f->ret = l->flush(f->events, f->len, f->tag);
    }
}

static void flush_in_coroutine(struct flush *f, uint32_t id)
{
    struct library *l = f->ins->lib;
    const char *call = l->flush_ctx != NULL ? "FLBPluginFlushCtx" : "FLBPluginFlush";
    size_t size = host_generation()->stack_size + LIBCO_EXTRA;
    bool ran;

    call_begin(l, f->ins, call);
    ran = coroutine_run(size, call_flush, f);
    call_end(l, call);
    if (ran) {
        reply_ok(id, f->ret);
    }
    else {
        reply_error(id, call, 0, "no memory for a coroutine");
    }
}

/* FLUSH: tag, events */
static void flush_job(struct job *j)
{
    struct flush f = {.ins = j->ins, .ret = FLUSH_ERROR};
    size_t tag_len;
    const char *tag = get_bytes(j->frame, &tag_len);
    const char *events = get_bytes(j->frame, &f.len);
    struct block *tag_block;
    struct chunk c;

    if (!chunk_map(&c, events, f.len)) {
        reply_error(j->frame->id, "flush", 0, "no memory for a chunk of %zu bytes", f.len);
        return;
    }
    tag_block = block_new(f.ins->lib, tag_len + 1, true, "tag");
    block_write(tag_block, 0, tag, tag_len);
    f.tag = block_mem(tag_block);
    f.events = c.events;
    flush_in_coroutine(&f, j->frame->id);
    block_retire(tag_block);
    chunk_unmap(&c);
}

void output_flush(struct instance *i, struct frame *f)
{
    struct loop *l = i->loop;

    if (i->lib->flush == NULL && i->lib->flush_ctx == NULL) {
        reply_error(f->id, "FLBPluginFlush", 0, "is not exported");
        frame_free(f);
        return;
    }
    if (i->state != STATE_READY) {
        reply_error(f->id, "FLBPluginFlush", 0, "the instance is not initialised or has exited");
        frame_free(f);
        return;
    }
    if (i->workers > 0) {
        l = i->pool[i->next_worker++ % (unsigned) i->workers];
    }
    loop_post(l, flush_job, f, i);
}
