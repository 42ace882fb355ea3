/* append.c: events on their way to the driver, which answers whether it took them. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

/* A thread that waits for its answer. */
struct waiter {
    struct waiter *next;
    uint32_t id;
    bool answered;
    int answer;
};

static pthread_mutex_t waiters_mu = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t answered = PTHREAD_COND_INITIALIZER;
static struct waiter *waiters;
static uint32_t last_id;

static void waiter_add(struct waiter *w)
{
    pthread_mutex_lock(&waiters_mu);
    w->id = ++last_id;
    w->next = waiters;
    waiters = w;
    pthread_mutex_unlock(&waiters_mu);
}

static int waiter_wait(struct waiter *w)
{
    pthread_mutex_lock(&waiters_mu);
    while (!w->answered) {
        pthread_cond_wait(&answered, &waiters_mu);
    }
    for (struct waiter **at = &waiters; *at != NULL; at = &(*at)->next) {
        if (*at == w) {
            *at = w->next;
            break;
        }
    }
    pthread_mutex_unlock(&waiters_mu);
    return w->answer;
}

/* ANSWER: 1 taken, 0 not; the frame's id is the append's */
void append_answer(struct frame *f)
{
    pthread_mutex_lock(&waiters_mu);
    for (struct waiter *w = waiters; w != NULL; w = w->next) {
        if (w->id == f->id) {
            w->answer = get_u32(f) != 0 ? 0 : -1;
            w->answered = true;
            break;
        }
    }
    pthread_cond_broadcast(&answered);
    pthread_mutex_unlock(&waiters_mu);
}

static char *pack(const char *tag, size_t tag_len, const void *events, size_t len)
{
    char *p = malloc(tag_len + len + 1);

    if (p == NULL) {
        die("out of memory");
    }
    if (tag_len > 0) {
        memcpy(p, tag, tag_len);
    }
    if (len > 0) {
        memcpy(p + tag_len, events, len);
    }
    return p;
}

int append(struct instance *ins, const char *tag, size_t tag_len, const void *events, size_t len)
{
    struct waiter w = {.answered = false};
    struct out o;
    char *copy;

    if (tag == NULL) {
        tag_len = 0;
    }
    copy = pack(tag, tag_len, events, len);
    waiter_add(&w);
    out_init(&o, REP_APPEND, w.id);
    out_u32(&o, ins->id);
    out_u32(&o, (uint32_t) tag_len);
    out_send(&o, copy, tag_len + len);
    free(copy);
    return waiter_wait(&w);
}
