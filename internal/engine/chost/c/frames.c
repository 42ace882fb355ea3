/* frames.c: little-endian frames: u32 length of what follows, u8 type, u32 id, payload. */
#include "frames.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEAD = 9, MAX_STR = 4096 };

static pthread_mutex_t send_mu = PTHREAD_MUTEX_INITIALIZER;

_Noreturn void die(const char *why)
{
    fprintf(stderr, "chost: %s: %s\n", why, strerror(errno));
    abort();
}

/* Without its driver the host has no purpose and must not linger. */
static _Noreturn void driver_gone(void)
{
    _exit(0);
}

static void read_full(void *to, size_t len)
{
    uint8_t *p = to;

    while (len > 0) {
        ssize_t n = read(FD_REQUESTS, p, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            driver_gone();
        }
        p += n;
        len -= (size_t) n;
    }
}

static uint32_t load_u32(const uint8_t *p)
{
    return (uint32_t) p[0] | (uint32_t) p[1] << 8 | (uint32_t) p[2] << 16 | (uint32_t) p[3] << 24;
}

static void store_u32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) {
        p[i] = (uint8_t) (v >> 8 * i);
    }
}

struct frame *frame_receive(void)
{
    uint8_t head[HEAD];
    struct frame *f = calloc(1, sizeof(*f));

    if (f == NULL) {
        die("out of memory");
    }
    read_full(head, sizeof(head));
    f->len = load_u32(head) - (HEAD - 4);
    f->type = head[4];
    f->id = load_u32(head + 5);
    f->data = malloc(f->len + 1);
    if (f->data == NULL) {
        die("out of memory");
    }
    read_full(f->data, f->len);
    return f;
}

void frame_free(struct frame *f)
{
    if (f != NULL) {
        free(f->data);
        free(f);
    }
}

uint32_t get_u32(struct frame *f)
{
    uint32_t v;

    if (f->len - f->pos < 4) {
        die("frame too short");
    }
    v = load_u32(f->data + f->pos);
    f->pos += 4;
    return v;
}

/* On the wire every byte string ends in a NUL that its length does not count. */
const char *get_bytes(struct frame *f, size_t *len)
{
    const char *p;

    *len = get_u32(f);
    if (f->len - f->pos <= *len) {
        die("frame too short");
    }
    p = (const char *) f->data + f->pos;
    f->pos += *len + 1;
    return p;
}

const char *get_str(struct frame *f)
{
    size_t len;

    return get_bytes(f, &len);
}

void out_init(struct out *o, uint8_t type, uint32_t id)
{
    o->len = 4;
    out_u8(o, type);
    out_u32(o, id);
}

static void out_put(struct out *o, const void *p, size_t len)
{
    if (len > sizeof(o->buf) - o->len) {
        die("frame too long");
    }
    memcpy(o->buf + o->len, p, len);
    o->len += len;
}

void out_u8(struct out *o, uint8_t v)
{
    out_put(o, &v, 1);
}

void out_u32(struct out *o, uint32_t v)
{
    uint8_t b[4];

    store_u32(b, v);
    out_put(o, b, sizeof(b));
}

void out_u64(struct out *o, uint64_t v)
{
    out_u32(o, (uint32_t) v);
    out_u32(o, (uint32_t) (v >> 32));
}

void out_str(struct out *o, const char *s)
{
    size_t room = sizeof(o->buf) - o->len - 4;
    size_t len = strnlen(s, room < MAX_STR ? room : MAX_STR);

    out_u32(o, (uint32_t) len);
    out_put(o, s, len);
}

static void write_full(struct iovec *v, int n)
{
    while (n > 0) {
        ssize_t w = writev(FD_REPLIES, v, n);

        if (w < 0 && errno == EINTR) {
            continue;
        }
        if (w < 0) {
            driver_gone();
        }
        while (n > 0 && (size_t) w >= v->iov_len) {
            w -= (ssize_t) v->iov_len;
            v++;
            n--;
        }
        if (n > 0) {
            v->iov_base = (uint8_t *) v->iov_base + w;
            v->iov_len -= (size_t) w;
        }
    }
}

void out_send(struct out *o, const void *tail, size_t tail_len)
{
    struct iovec v[2] = {{o->buf, o->len}, {(void *) tail, tail_len}};

    store_u32(o->buf, (uint32_t) (o->len - 4 + tail_len));
    pthread_mutex_lock(&send_mu);
    write_full(v, tail_len > 0 ? 2 : 1);
    pthread_mutex_unlock(&send_mu);
}

void reply_ok(uint32_t id, int32_t value)
{
    struct out o;

    out_init(&o, REP_OK, id);
    out_u32(&o, (uint32_t) value);
    out_send(&o, NULL, 0);
}

void reply_error(uint32_t id, const char *step, int32_t code, const char *fmt, ...)
{
    char text[MAX_STR];
    struct out o;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    out_init(&o, REP_ERROR, id);
    out_str(&o, step);
    out_u32(&o, (uint32_t) code);
    out_str(&o, text);
    out_send(&o, NULL, 0);
}

void host_log(int level, const char *fmt, ...)
{
    char text[MAX_STR];
    struct out o;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    out_init(&o, REP_LOG, 0);
    out_u32(&o, (uint32_t) level);
    out_str(&o, text);
    out_send(&o, NULL, 0);
}
