// The hand-off of flushes from the engine's coroutines to threads of Go.
#ifndef FLBGO_FLUSH_H
#define FLBGO_FLUSH_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

// A flush that waits for its verdict, on the coroutine's stack.
struct flbgo_flush {
    uintptr_t handle; // of the instance, 0 without an Init
    const void *data;
    size_t size;
    const char *tag;
    int verdict;
    int done;
    pthread_cond_t answered;
    struct flbgo_flush *next;
};

// Lets flushes wait: a thread will serve them. Until then they are answered with a retry.
void flbgo_serve_flushes(void);

// Waits for a flush to serve. idle is set to the number of threads that still wait for one.
struct flbgo_flush *flbgo_next_flush(int *idle);

// Answers a flush, which is not to be touched afterwards.
void flbgo_answer_flush(struct flbgo_flush *flush, int verdict);

#endif
