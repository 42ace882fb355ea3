/*
 * An output as it should be. Properties: ret, what flush returns; together, how many flushes must be
 * in progress at a time before one returns; quiet, 2 for no log.
 */
#include "plugin.h"

struct state {
    struct api api;
    void *ins;
    char name[32];
    int ret;
    int together;
    int quiet;
    int inside;
    pthread_mutex_t mu;
    pthread_cond_t changed;
};

#define LOG(s, ...) (s)->api.log_print(3, NULL, 0, __VA_ARGS__)

static struct api api;

static size_t usable(void *p)
{
    size_t (*f)(void *) = (size_t (*)(void *)) dlsym(RTLD_DEFAULT, "malloc_usable_size");

    return f != NULL ? f(p) : 0;
}

int FLBPluginRegister(struct def *def)
{
    register_as(def, 2, "good");
    def->flags = (int) usable(def);
    if (usable(def) >= 40) {
        def->event_type = 1;
    }
    return 0;
}

void FLBPluginUnregister(struct def *def)
{
    printf("unregister %s on %s\n", def->name, thread_name());
}

static int number(struct state *s, const char *key)
{
    const char *v = s->api.output_get_property(key, s->ins);

    return v != NULL ? atoi(v) : 1;
}

int FLBPluginInit(struct plugin *p)
{
    const char *(*name)(void *) = (const char *(*)(void *)) dlsym(RTLD_DEFAULT, "flb_output_name");
    struct state *s = calloc(1, sizeof(*s));

    memcpy(&s->api, p->api, sizeof(s->api));
    api = s->api;
    s->ins = p->ins;
    snprintf(s->name, sizeof(s->name), "%s", name != NULL ? name(p->ins) : "unnamed");
    s->ret = number(s, "ret");
    s->together = number(s, "together");
    s->quiet = number(s, "quiet") == 2;
    pthread_mutex_init(&s->mu, NULL);
    pthread_cond_init(&s->changed, NULL);
    p->context[0] = s;
    LOG(s, "init %s on %s", s->name, thread_name());
    return 1;
}

int FLBPluginOutputPreRun(int hot)
{
    api.log_print(3, NULL, 0, "pre_run %d on %s", hot, thread_name());
    return 0;
}

int FLBPluginFlush(const void *data, size_t len, const char *tag)
{
    (void) data;
    (void) len;
    (void) tag;
    return 77; /* must not be called */
}

int FLBPluginFlushCtx(void *ctx, const void *data, size_t len, char *tag)
{
    struct state *s = ctx;

    pthread_mutex_lock(&s->mu);
    s->inside++;
    pthread_cond_broadcast(&s->changed);
    while (s->inside < s->together) {
        pthread_cond_wait(&s->changed, &s->mu);
    }
    pthread_mutex_unlock(&s->mu);
    if (s->quiet) {
        return s->ret;
    }
    LOG(s, "flush %s %s %.*s on %s", s->name, tag, (int) len, (const char *) data, thread_name());
    return s->ret;
}

void FLBPluginOutputPreExit(int reloading)
{
    api.log_print(3, NULL, 0, "pre_exit %d on %s", reloading, thread_name());
}

int FLBPluginExitCtx(void *ctx)
{
    struct state *s = ctx;

    if (s == NULL) {
        printf("exit without init\n");
        return 0;
    }
    LOG(s, "exit %s on %s", s->name, thread_name());
    free(s);
    return 0;
}

int FLBPluginExit(void)
{
    abort(); /* ExitCtx replaces it */
}

int room_for_answer(char *text, size_t size)
{
    return snprintf(text, size, "room for %zu bytes", size);
}

int long_answer(char *text, size_t size)
{
    return snprintf(text, size, "%100000s", "end");
}

int no_answer(char *text, size_t size)
{
    snprintf(text, size, "half an answ");
    return -3;
}

int short_answer(char *text, size_t size)
{
    snprintf(text, size, "short");
    return 100;
}

int never_enough(char *text, size_t size)
{
    text[0] = '\0';
    return (int) size;
}

int writes_too_much(char *text, size_t size)
{
    text[size] = '\0';
    return 0;
}
