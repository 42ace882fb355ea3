/* Event loops: threads that run jobs in order, and the ticks of collectors. */
#ifndef CHOST_LOOPS_H
#define CHOST_LOOPS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "frames.h"

struct instance;
struct loop;

/* Work for a loop. run owns the job's frame while it runs; the loop frees both. */
struct job {
    struct job *next;
    void (*run)(struct job *);
    struct frame *frame;
    struct instance *ins;
};

/* The timer of an input; belongs to the loop that the input runs on. */
struct collector {
    struct collector *next;
    struct instance *ins;
    bool running;
    int64_t due; /* CLOCK_MONOTONIC, ns */
};

struct loop *loop_new(const char *name);
/* Runs the loop on a new thread. false: no thread could be made. */
bool loop_start(struct loop *l);
/* Runs the loop on the calling thread until it is stopped. */
void loop_run(struct loop *l);
/* Takes over the frame, which may be NULL. */
void loop_post(struct loop *l, void (*run)(struct job *), struct frame *f, struct instance *ins);
/* Lets the queued jobs finish, then ends the thread and waits for it. */
void loop_join(struct loop *l);

void loop_add_collector(struct loop *l, struct collector *c);
void loop_remove_collector(struct loop *l, struct collector *c);
/* The first tick comes a period from now. false: it is running already. */
bool collector_start(struct loop *l, struct collector *c);
void collector_stop(struct loop *l, struct collector *c);

#endif
