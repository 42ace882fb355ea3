/*
 * copier.c: an input in C that only copies bytes: the limit for all others. In each call it appends pieces of 1 MiB with
 * records of shape S, for 1.02 seconds or until the engine takes no more.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PIECE = 1 << 20, TURN_NS = 1020000000 };

struct def {
    int type, proxy, flags;
    char *name, *description;
};

static char piece[PIECE];
static size_t piece_size;
static void *ins;
static int (*append)(void *, const char *, size_t, const void *, size_t);

static size_t put(char *to, const char *bytes, size_t n)
{
    memcpy(to, bytes, n);
    return n;
}

/* [[EventTime, {}], {level, message, host, status}] */
static size_t record(char *to)
{
    static const char head[] = "\x92\x92\xd7\x00\x69\x00\x00\x00\x00\x00\x00\x00\x80\x84";
    static const char body[] = "\xa5level\xa4info\xa7message\xb4GET /index.html done"
                               "\xa4host\xb2web-01.example.com\xa6status\xcc\xc8";
    size_t n = put(to, head, sizeof(head) - 1);

    return n + put(to + n, body, sizeof(body) - 1);
}

int FLBPluginRegister(struct def *d)
{
    d->type = 1;
    d->proxy = 11;
    d->flags = 0;
    d->name = "copier";
    d->description = "copies bytes";
    return 0;
}

int FLBPluginInit(void **plugin)
{
    ins = plugin[2];
    *(void **) &append = dlsym(RTLD_DEFAULT, "flb_input_log_append");
    while (piece_size < PIECE - 256) {
        piece_size += record(piece + piece_size);
    }
    return append != NULL ? 1 : 0;
}

static int64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

int FLBPluginInputCallback(void **data, size_t *size)
{
    int64_t end = now() + TURN_NS;

    (void) data;
    (void) size;
    while (now() < end && append(ins, NULL, 0, piece, piece_size) == 0) {
    }
    return 0;
}

int FLBPluginExit(void) { return 0; }
