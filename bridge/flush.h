// The hand-off of flushes from the engine's coroutines to threads of Go.
#ifndef FLBGO_FLUSH_H
#define FLBGO_FLUSH_H

#include <stddef.h>
#include <stdint.h>

// A flush that waits for its verdict, on the coroutine's stack.
struct flbgo_flush {
    uintptr_t handle; // of the instance, 0 without an Init
    const void *data;
    size_t size;
    const char *tag;
    int on_pipeline; // the engine does nothing else meanwhile
    int verdict;
    int done;
    struct flbgo_waiter *waiter;
    struct flbgo_flush *next;
};

// Whether the engine may reload its configuration while it runs. It says so when all outputs were initialised.
int flbgo_hot_reload(void);

// Lets flushes wait for a server, as long as an output is open. Returns whether the caller is to start one.
int flbgo_open_output(void);
void flbgo_close_output(void);

// Waits for a flush to serve; null ends the server. more is set if another server is to be started, since none waits.
struct flbgo_flush *flbgo_next_flush(int *more);

// The number of servers.
int flbgo_servers(void);

// Answers a flush, which is not to be touched afterwards.
void flbgo_answer_flush(struct flbgo_flush *flush, int verdict);

#endif
