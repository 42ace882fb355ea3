/*
 * handoff.c: how long a flush takes that has nothing to do, and how long it takes to wake another thread and be woken by
 * it, which is the least that a hand-off can cost.
 * usage: handoff LIBRARY COUNT; prints the nanoseconds of both in turn, COUNT lines.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void *library;
static void *context[2];
static long count;
static int64_t (*took)[2];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t asked = PTHREAD_COND_INITIALIZER, answered = PTHREAD_COND_INITIALIZER;
static int question;

static void *symbol(const char *name)
{
    void *found = dlsym(library, name);

    if (found == NULL) {
        fprintf(stderr, "no symbol %s\n", name);
        exit(2);
    }
    return found;
}

static const char *get_property(const char *name, void *ins)
{
    (void) name;
    (void) ins;
    return NULL;
}

static int log_check(void *ins, int level)
{
    (void) ins;
    (void) level;
    return 0;
}

static void log_print(int level, const char *file, int line, const char *format, ...)
{
    (void) level;
    (void) file;
    (void) line;
    fprintf(stderr, "%s\n", format);
}

static int64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void set(int value, pthread_cond_t *wake)
{
    pthread_mutex_lock(&lock);
    question = value;
    pthread_mutex_unlock(&lock);
    pthread_cond_signal(wake);
}

static void await(int value, pthread_cond_t *woken)
{
    pthread_mutex_lock(&lock);
    while (question != value) {
        pthread_cond_wait(woken, &lock);
    }
    pthread_mutex_unlock(&lock);
}

static void *echo(void *arg)
{
    (void) arg;
    for (long i = 0; i < count; i++) {
        await(1, &asked);
        set(0, &answered);
    }
    return NULL;
}

static void *worker(void *arg)
{
    int (*flush)(void *, const void *, size_t, char *) =
        (int (*)(void *, const void *, size_t, char *)) symbol("FLBPluginFlushCtx");

    (void) arg;
    for (long i = 0; i < count; i++) {
        int64_t start = now();

        if (flush(context[0], "", 0, "tag") != 1) {
            fprintf(stderr, "flush %ld failed\n", i);
            exit(1);
        }
        took[i][0] = now() - start;
        start = now();
        set(1, &asked);
        await(0, &answered);
        took[i][1] = now() - start;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    void *def = calloc(1, 48);
    void *api[9] = {(void *) get_property, (void *) get_property, NULL, NULL, (void *) log_print,
                    (void *) log_check, (void *) log_check};
    void *plugin[9] = {"output", api, def, context};
    pthread_t thread, other;

    library = argc == 3 ? dlopen(argv[1], RTLD_LAZY) : NULL;
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 2;
    }
    count = atol(argv[2]);
    took = calloc((size_t) count, sizeof(*took));
    if (((int (*)(void *)) symbol("FLBPluginRegister"))(def) != 0 ||
        ((int (*)(void *)) symbol("FLBPluginInit"))(plugin) != 1) {
        return 1;
    }
    pthread_create(&other, NULL, echo, NULL);
    pthread_create(&thread, NULL, worker, NULL);
    pthread_join(thread, NULL);
    for (long i = 0; i < count; i++) {
        printf("%lld %lld\n", (long long) took[i][0], (long long) took[i][1]);
    }
    return 0;
}
