//go:build cgo

#include "flush.h"

// The engine runs a flush in a coroutine whose stack may be as small as 24 KB, without a guard page. Go assumes 32 KB below
// the stack pointer (runtime/cgocall.go), so Go code must not run there. A flush only queues itself, and a thread of
// Go's, which waits in flbgo_next_flush, serves it.

#define FLB_RETRY 2

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t queued = PTHREAD_COND_INITIALIZER;
static struct flbgo_flush *first, **last = &first;
static int serving, idle_servers;

void flbgo_serve_flushes(void) {
    pthread_mutex_lock(&lock);
    serving = 1;
    pthread_mutex_unlock(&lock);
}

struct flbgo_flush *flbgo_next_flush(int *idle) {
    pthread_mutex_lock(&lock);
    idle_servers++;
    while (first == NULL) {
        pthread_cond_wait(&queued, &lock);
    }
    struct flbgo_flush *flush = first;
    first = flush->next;
    if (first == NULL) {
        last = &first;
    }
    *idle = --idle_servers;
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
    pthread_cond_signal(&queued);
    while (!flush->done) {
        pthread_cond_wait(&flush->answered, &lock);
    }
}

int FLBPluginFlushCtx(void *ctx, const void *data, size_t size, char *tag) {
    struct flbgo_flush flush = {
        .handle = (uintptr_t)ctx, .data = data, .size = size, .tag = tag,
        .verdict = FLB_RETRY, .answered = PTHREAD_COND_INITIALIZER,
    };
    pthread_mutex_lock(&lock);
    if (serving) {
        wait_for_answer(&flush);
    }
    pthread_mutex_unlock(&lock);
    pthread_cond_destroy(&flush.answered);
    return flush.verdict;
}

// For engines before v1.1.0, which do not say for which instance it is: answered with a retry, and logged.
int FLBPluginFlush(const void *data, size_t size, char *tag) { return FLBPluginFlushCtx(NULL, data, size, tag); }
