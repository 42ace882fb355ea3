//go:build cgo

#ifndef _GNU_SOURCE
#define _GNU_SOURCE // pthread_getname_np
#endif

#include "flush.h"
#include "abi.h"
#include "log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

// A waiter outlives its flush, so that it can be signalled when the lock is free again: who wakes up in front of a held
// lock has to be woken twice.
struct flbgo_waiter {
    pthread_cond_t answered;
    struct flbgo_waiter *next;
};

static struct flbgo_waiter *unused;

static struct flbgo_waiter *waiter(void) {
    struct flbgo_waiter *w = unused;
    if (w != NULL) {
        unused = w->next;
    } else if ((w = malloc(sizeof(*w))) != NULL) {
        pthread_cond_init(&w->answered, NULL);
    }
    return w;
}

void flbgo_answer_flush(struct flbgo_flush *flush, int verdict) {
    pthread_mutex_lock(&lock);
    struct flbgo_waiter *w = flush->waiter;
    flush->verdict = verdict;
    flush->done = 1;
    pthread_mutex_unlock(&lock);
    pthread_cond_signal(&w->answered);
}

static struct timespec in_half_a_second(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += 500000000;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

// Is called and returns with the lock held.
static void wait_for_answer(struct flbgo_flush *flush) {
    flush->waiter = waiter();
    if (flush->waiter == NULL) {
        return;
    }
    *last = flush;
    last = &flush->next;
    pthread_mutex_unlock(&lock);
    pthread_cond_signal(&changed);
    pthread_mutex_lock(&lock);
    while (!flush->done) {
        struct timespec soon = in_half_a_second();
        if (pthread_cond_timedwait(&flush->waiter->answered, &lock, &soon) != 0) {
            pthread_mutex_unlock(&lock);
            flbgo_log_waiting(); // this is a thread of the engine's that has nothing else to do
            pthread_mutex_lock(&lock);
        }
    }
    flush->waiter->next = unused;
    unused = flush->waiter;
}

// Without workers the engine flushes on the thread that does all else (flb_lib.c gives it its name).
static int on_pipeline(void) {
#ifdef __linux__
    static _Thread_local char name[16];
    if (name[0] == '\0') {
        pthread_getname_np(pthread_self(), name, sizeof(name));
    }
    return strcmp(name, "flb-pipeline") == 0;
#else
    return 0;
#endif
}

FLBGO_EXPORT int FLBPluginFlushCtx(void *ctx, const void *data, size_t size, char *tag) {
    struct flbgo_flush flush = {
        .handle = (uintptr_t)ctx, .data = data, .size = size, .tag = tag,
        .verdict = FLB_RETRY, .on_pipeline = on_pipeline(),
    };
    pthread_mutex_lock(&lock);
    if (outputs > 0) {
        wait_for_answer(&flush);
    }
    pthread_mutex_unlock(&lock);
    flbgo_log_waiting();
    return flush.verdict;
}

// For engines before v1.1.0, which do not say for which instance it is: answered with a retry, and logged.
FLBGO_EXPORT int FLBPluginFlush(const void *data, size_t size, char *tag) { return FLBPluginFlushCtx(NULL, data, size, tag); }
