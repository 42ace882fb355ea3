//go:build cgo

#ifndef _GNU_SOURCE
#define _GNU_SOURCE // pthread_getname_np
#endif

#include "flush.h"
#include "abi.h"

#include <string.h>

// The engine runs a flush in a coroutine whose stack may be as small as 24 KB, without a guard page. Go assumes 32 KB below
// the stack pointer (runtime/cgocall.go), so Go code must not run there. A flush only queues itself, and a thread of
// Go's, which waits in flbgo_next_flush, serves it. One server always waits, so that a flush that takes its time
// holds up no other; without outputs there are none.

#define FLB_RETRY 2

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER; // a flush was queued, or the last output closed
static struct flbgo_flush *first, **last = &first;
static int outputs, servers, idle;

int flbgo_open_output(void) {
    pthread_mutex_lock(&lock);
    outputs++;
    int serve = servers == 0;
    servers += serve;
    pthread_mutex_unlock(&lock);
    return serve;
}

void flbgo_close_output(void) {
    pthread_mutex_lock(&lock);
    outputs--;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

int flbgo_servers(void) {
    pthread_mutex_lock(&lock);
    int n = servers;
    pthread_mutex_unlock(&lock);
    return n;
}

static struct flbgo_flush *take(void) {
    struct flbgo_flush *flush = first;
    first = flush->next;
    if (first == NULL) {
        last = &first;
    }
    return flush;
}

struct flbgo_flush *flbgo_next_flush(int *more) {
    struct flbgo_flush *flush = NULL;
    pthread_mutex_lock(&lock);
    idle++;
    while (first == NULL && outputs > 0) {
        pthread_cond_wait(&changed, &lock);
    }
    idle--;
    if (first != NULL) {
        flush = take();
    }
    *more = flush != NULL && idle == 0;
    servers += *more;
    servers -= flush == NULL;
    pthread_mutex_unlock(&lock);
    return flush;
}

void flbgo_answer_flush(struct flbgo_flush *flush, int verdict) {
    pthread_mutex_lock(&lock);
    flush->verdict = verdict;
    flush->done = 1;
    pthread_cond_signal(&flush->answered);
    pthread_mutex_unlock(&lock);
}

static void wait_for_answer(struct flbgo_flush *flush) {
    *last = flush;
    last = &flush->next;
    pthread_cond_signal(&changed);
    while (!flush->done) {
        pthread_cond_wait(&flush->answered, &lock);
    }
}

// Without workers the engine flushes on the thread that does all else (flb_lib.c gives it its name).
static int on_pipeline(void) {
#ifdef __linux__
    char name[16] = "";
    return pthread_getname_np(pthread_self(), name, sizeof(name)) == 0 && strcmp(name, "flb-pipeline") == 0;
#else
    return 0;
#endif
}

FLBGO_EXPORT int FLBPluginFlushCtx(void *ctx, const void *data, size_t size, char *tag) {
    struct flbgo_flush flush = {
        .handle = (uintptr_t)ctx, .data = data, .size = size, .tag = tag,
        .verdict = FLB_RETRY, .answered = PTHREAD_COND_INITIALIZER,
        .on_pipeline = on_pipeline(),
    };
    pthread_mutex_lock(&lock);
    if (outputs > 0) {
        wait_for_answer(&flush);
    }
    pthread_mutex_unlock(&lock);
    pthread_cond_destroy(&flush.answered);
    return flush.verdict;
}

// For engines before v1.1.0, which do not say for which instance it is: answered with a retry, and logged.
FLBGO_EXPORT int FLBPluginFlush(const void *data, size_t size, char *tag) { return FLBPluginFlushCtx(NULL, data, size, tag); }
