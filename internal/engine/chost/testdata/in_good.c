/*
 * An input as it should be. Properties: payload, the events; mode, "append" (default) or "return";
 * ms, how long a collect takes; times, appends in a collect; size, bytes of zeros instead of events.
 */
#include <time.h>

#include "plugin.h"

struct state {
    struct api api;
    void *ins;
    char name[32];
    char payload[64];
    int by_return;
    long ms;
    long times;
    size_t size;
    int count;
    int paused;
};

typedef int append_func(void *, const char *, size_t, const void *, size_t);

static __thread struct state *mine;

#define LOG(...) mine->api.log_print(3, NULL, 0, __VA_ARGS__)

int FLBPluginPreRegister(int reloading)
{
    return reloading == 7 ? -1 : 0;
}

int FLBPluginRegister(struct def *def)
{
    return register_as(def, 1, "good");
}

void FLBPluginUnregister(struct def *def)
{
    printf("unregister %s on %s\n", def->name, thread_name());
}

static void ask_name(struct state *s)
{
    const char *(*f)(void *) = (const char *(*)(void *)) dlsym(RTLD_DEFAULT, "flb_input_name");

    snprintf(s->name, sizeof(s->name), "%s", f != NULL ? f(s->ins) : "unnamed");
}

static const char *property(struct state *s, const char *key, const char *otherwise)
{
    const char *v = s->api.input_get_property(key, s->ins);

    return v != NULL ? v : otherwise;
}

int FLBPluginInit(struct plugin *p)
{
    struct state *s = calloc(1, sizeof(*s));

    memcpy(&s->api, p->api, sizeof(s->api));
    s->ins = p->ins;
    ask_name(s);
    snprintf(s->payload, sizeof(s->payload), "%s", property(s, "PAYLOAD", ""));
    s->by_return = strcmp(property(s, "mode", "append"), "return") == 0;
    s->ms = atol(property(s, "ms", "0"));
    s->times = atol(property(s, "times", "1"));
    s->size = (size_t) atol(property(s, "size", "0"));
    mine = s;
    if (p->context[1] == NULL) {
        p->context[1] = s; /* 4.1 and later */
    }
    LOG("init %s on %s cmt %d debug %d", s->name, thread_name(), s->api.input_cmt(s->ins) != NULL,
        s->api.input_log_check(s->ins, 4));
    return 1;
}

int FLBPluginInputPreRun(int hot)
{
    LOG("pre_run %s %d on %s", mine->name, hot, thread_name());
    return 0;
}

static int flood(struct state *s, append_func *append)
{
    void *zeros = calloc(1, s->size);

    for (long n = 0; n < s->times; n++) {
        append(s->ins, NULL, 0, zeros, s->size);
    }
    free(zeros);
    return 0;
}

static int collect(struct state *s, void **data, size_t *len)
{
    append_func *append = (append_func *) dlsym(RTLD_DEFAULT, "flb_input_log_append");
    struct timespec pause = {s->ms / 1000, s->ms % 1000 * 1000000};
    char text[128];
    size_t n;

    nanosleep(&pause, NULL);
    if (s->paused) {
        return 0;
    }
    if (s->size > 0) {
        return flood(s, append);
    }
    n = (size_t) snprintf(text, sizeof(text), "%s%d", s->payload, s->count);
    if (s->by_return || append == NULL) {
        *data = strdup(text);
        *len = n;
        s->count++;
        return 0;
    }
    if (append(s->ins, s->name, strlen(s->name), text, n) == 0) {
        s->count++;
    }
    return 0;
}

int FLBPluginInputCallback(void **data, size_t *len)
{
    return collect(mine, data, len);
}

int FLBPluginInputCallbackCtx(void *ctx, void **data, size_t *len)
{
    return ctx == mine ? collect(ctx, data, len) : -1;
}

int FLBPluginInputCleanupCallback(void *data)
{
    free(data);
    return 0;
}

void FLBPluginInputPause(void)
{
    mine->paused = 1;
    LOG("pause %s on %s", mine->name, thread_name());
}

void FLBPluginInputResume(void)
{
    mine->paused = 0;
    LOG("resume %s on %s", mine->name, thread_name());
}

void FLBPluginInputPreExit(int reloading)
{
    LOG("pre_exit %s %d on %s", mine->name, reloading, thread_name());
}

int FLBPluginExit(void)
{
    LOG("exit %s on %s", mine->name, thread_name());
    free(mine);
    return 0;
}
