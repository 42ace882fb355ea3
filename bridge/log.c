//go:build cgo

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L // clock_gettime
#endif

#include "log.h"
#include "engine.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// A line that waits.
struct line {
    struct line *next;
    flbgo_print *print; // stays valid when its instance is gone: it is the engine's code
    int level;
    int64_t since;
    char text[];
};

#define MAX_WAITING 10000 // more are written at once, wherever that goes

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct line *first, **last = &first;
static int count;

// Held while lines are written, so that they keep their order.
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;

static void *(*worker_of_thread)(void);

static void find_worker(void) { *(void **)&worker_of_thread = flbgo_symbol("flb_worker_get"); }

// The engine's threads have a worker. An engine that does not export that is taken at its word.
static int on_engine_thread(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_worker);
    return worker_of_thread == NULL || worker_of_thread() != NULL;
}

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

// The oldest line, if it has waited for as long as age; *left is how long it still has to.
static struct line *take(int64_t age, int64_t *left) {
    struct line *l = NULL;
    *left = 0;
    pthread_mutex_lock(&lock);
    if (first != NULL) {
        *left = age == 0 ? 0 : age - (now() - first->since);
        if (*left <= 0) {
            l = first;
            first = l->next;
            last = first == NULL ? &first : last;
            count--;
        }
    }
    pthread_mutex_unlock(&lock);
    return l;
}

static int64_t write_waiting(int64_t age) {
    struct line *l;
    int64_t left = 0;
    if (flbgo_log_count() == 0) {
        return 0;
    }
    pthread_mutex_lock(&writing);
    while ((l = take(age, &left)) != NULL) {
        l->print(l->level, NULL, 0, "%s", l->text);
        free(l);
    }
    pthread_mutex_unlock(&writing);
    return left;
}

static int add(struct line *l) {
    pthread_mutex_lock(&lock);
    int is_first = first == NULL;
    *last = l;
    last = &l->next;
    count++;
    pthread_mutex_unlock(&lock);
    return is_first;
}

int flbgo_log_line(flbgo_print *print, int level, const char *text) {
    struct line *l = NULL;
    if (on_engine_thread()) {
        write_waiting(0);
    } else if (flbgo_log_count() < MAX_WAITING) {
        l = malloc(sizeof(*l) + strlen(text) + 1);
    }
    if (l == NULL) {
        print(level, NULL, 0, "%s", text);
        return 0;
    }
    *l = (struct line){.print = print, .level = level, .since = now()};
    strcpy(l->text, text);
    return add(l);
}

void flbgo_log_waiting(void) {
    if (flbgo_log_count() > 0 && on_engine_thread()) {
        write_waiting(0);
    }
}

int64_t flbgo_log_overdue(int64_t nanoseconds) { return write_waiting(nanoseconds); }

int flbgo_log_count(void) {
    pthread_mutex_lock(&lock);
    int n = count;
    pthread_mutex_unlock(&lock);
    return n;
}
