/* loops.c: one mutex and condition a loop; ticks coalesce as a timerfd's do. */
#include "loops.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "host.h"
#include "slots.h"

struct loop {
    char name[64];
    pthread_t thread;
    pthread_mutex_t mu;
    pthread_cond_t changed;
    struct job *first;
    struct job **end;
    struct collector *collectors;
    bool stopping;
};

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}

struct loop *loop_new(const char *name)
{
    struct loop *l = calloc(1, sizeof(*l));
    pthread_condattr_t attr;

    if (l == NULL) {
        die("out of memory");
    }
    snprintf(l->name, sizeof(l->name), "%s", name);
    l->end = &l->first;
    pthread_mutex_init(&l->mu, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&l->changed, &attr);
    pthread_condattr_destroy(&attr);
    return l;
}

static void *loop_main(void *arg)
{
    loop_run(arg);
    return NULL;
}

bool loop_start(struct loop *l)
{
    return pthread_create(&l->thread, NULL, loop_main, l) == 0;
}

void loop_post(struct loop *l, void (*run)(struct job *), struct frame *f, struct instance *ins)
{
    struct job *j = calloc(1, sizeof(*j));

    if (j == NULL) {
        die("out of memory");
    }
    j->run = run;
    j->frame = f;
    j->ins = ins;
    pthread_mutex_lock(&l->mu);
    *l->end = j;
    l->end = &j->next;
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->mu);
}

void loop_join(struct loop *l)
{
    pthread_mutex_lock(&l->mu);
    l->stopping = true;
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->mu);
    pthread_join(l->thread, NULL);
}

void loop_add_collector(struct loop *l, struct collector *c)
{
    pthread_mutex_lock(&l->mu);
    c->next = l->collectors;
    l->collectors = c;
    pthread_mutex_unlock(&l->mu);
}

void loop_remove_collector(struct loop *l, struct collector *c)
{
    pthread_mutex_lock(&l->mu);
    for (struct collector **at = &l->collectors; *at != NULL; at = &(*at)->next) {
        if (*at == c) {
            *at = c->next;
            break;
        }
    }
    pthread_mutex_unlock(&l->mu);
}

bool collector_start(struct loop *l, struct collector *c)
{
    bool started;

    pthread_mutex_lock(&l->mu);
    started = !c->running;
    if (started) {
        c->running = true;
        c->due = now_ns() + host_tick_ns();
        pthread_cond_signal(&l->changed);
    }
    pthread_mutex_unlock(&l->mu);
    return started;
}

void collector_stop(struct loop *l, struct collector *c)
{
    pthread_mutex_lock(&l->mu);
    c->running = false;
    pthread_mutex_unlock(&l->mu);
}

static struct collector *earliest(struct loop *l)
{
    struct collector *found = NULL;

    for (struct collector *c = l->collectors; c != NULL; c = c->next) {
        if (c->running && (found == NULL || c->due < found->due)) {
            found = c;
        }
    }
    return found;
}

static void wait_until(struct loop *l, int64_t due)
{
    struct timespec t = {.tv_sec = due / 1000000000, .tv_nsec = due % 1000000000};

    pthread_cond_timedwait(&l->changed, &l->mu, &t);
}

static struct job *take_job(struct loop *l)
{
    struct job *j = l->first;

    if (j != NULL) {
        l->first = j->next;
        if (l->first == NULL) {
            l->end = &l->first;
        }
    }
    return j;
}

/* Waits for work. Leaves a job in *j or a collector in *c; false: the loop is over. */
static bool next_work(struct loop *l, struct job **j, struct collector **c)
{
    for (;;) {
        int64_t now = now_ns();

        *c = NULL;
        *j = take_job(l);
        if (*j != NULL) {
            return true;
        }
        if (l->stopping) {
            return false;
        }
        *c = earliest(l);
        if (*c == NULL) {
            pthread_cond_wait(&l->changed, &l->mu);
        }
        else if ((*c)->due > now) {
            wait_until(l, (*c)->due);
        }
        else {
            /* However many ticks were missed, they are one: timerfd semantics. */
            (*c)->due += ((now - (*c)->due) / host_tick_ns() + 1) * host_tick_ns();
            return true;
        }
    }
}

void loop_run(struct loop *l)
{
    struct job *j;
    struct collector *c;

    slots_enter(l->name);
    pthread_mutex_lock(&l->mu);
    while (next_work(l, &j, &c)) {
        pthread_mutex_unlock(&l->mu);
        if (j != NULL) {
            j->run(j);
            frame_free(j->frame);
            free(j);
        }
        else {
            input_collect(c->ins);
        }
        pthread_mutex_lock(&l->mu);
    }
    pthread_mutex_unlock(&l->mu);
    slots_leave();
}
