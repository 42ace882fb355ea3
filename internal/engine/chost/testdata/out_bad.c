/* Outputs that misbehave; BUG selects how. */
#include <signal.h>

#include "plugin.h"

#define IS(name) (strcmp(BUG, name) == 0)

static struct def *my_def;
static struct plugin *my_plugin;
static void **my_context;
static void *my_ins;
static struct api my_api;
static const char *old_chunk;
static char *old_tag;
static volatile char sink;

static void hang(void)
{
    pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t never = PTHREAD_COND_INITIALIZER;

    pthread_mutex_lock(&mu);
    for (;;) {
        pthread_cond_wait(&never, &mu);
    }
}

#ifndef NO_REGISTER
int FLBPluginRegister(struct def *def)
{
    my_def = def;
    if (IS("hang in Register")) {
        hang();
    }
    if (IS("register -1")) {
        return -1;
    }
    if (IS("register nothing")) {
        return 0;
    }
    register_as(def, 2, "bad");
    if (IS("event_type")) {
        def->event_type = 1;
    }
    if (IS("config_map")) {
        def->config_map = def;
    }
    if (IS("before def")) {
        ((char *) def)[-20] = 0;
    }
    if (IS("fat")) {
        def->type = 9;
    }
    return 0;
}
#endif

int FLBPluginPreRegister(int reloading)
{
    (void) reloading;
    return IS("pre -1") ? -1 : 0;
}

#ifndef NO_INIT
int FLBPluginInit(struct plugin *p)
{
    my_plugin = p;
    my_context = p->context;
    my_ins = p->ins;
    my_api = *p->api;
    if (IS("past context")) {
        p->context[2] = p;
    }
    if (IS("context proxy")) {
        p->context[1] = p;
    }
    if (IS("api")) {
        p->api->log_print = NULL;
    }
    if (IS("init 0")) {
        return 0;
    }
    return IS("init -1") ? -1 : 1;
}
#endif

static int overflow(int depth)
{
    volatile char frame[512];

    memset((void *) frame, depth, sizeof(frame));
    return depth == 0 ? frame[7] : overflow(depth - 1) + frame[3];
}

static void report_last_ins(void)
{
    const char *v = my_api.output_get_property("who", my_plugin->ins);

    my_api.log_print(3, NULL, 0, "who %s", v != NULL ? v : "nobody");
}

#ifndef NO_FLUSH
int FLBPluginFlushCtx(void *ctx, const void *data, size_t len, char *tag)
{
    (void) ctx;
    if (IS("write chunk")) {
        ((char *) data)[0] = 'x';
    }
    if (IS("over-read")) {
        sink = ((const char *) data)[len];
    }
    if (IS("old chunk") && old_chunk != NULL) {
        sink = old_chunk[0];
    }
    if (IS("old tag") && old_tag != NULL) {
        my_api.log_print(3, NULL, 0, "old tag %02x", (unsigned char) old_tag[0]);
        old_tag[0] = 'x';
    }
    if (IS("past tag")) {
        strcat(tag, "!");
    }
    if (IS("deep")) {
        return overflow(45) == 12345 ? 2 : 1; /* 24 to 27 KB */
    }
    if (IS("abort")) {
        fprintf(stderr, "no way on\n");
        abort();
    }
    if (IS("heap overflow")) {
        char *volatile p = malloc(10);

        p[10] = 'x';
        free(p);
    }
    if (IS("exit")) {
        _Exit(3);
    }
    if (IS("init struct")) {
        report_last_ins();
    }
    old_chunk = data;
    old_tag = tag;
    return 1;
}
#endif

int FLBPluginExitCtx(void *ctx)
{
    (void) ctx;
    if (IS("hang")) {
        hang();
    }
    return 0;
}

void FLBPluginUnregister(struct def *def)
{
    if (IS("late context")) {
        my_context[0] = def;
    }
    if (IS("late instance")) {
        my_api.output_get_property("x", my_ins);
    }
}

__attribute__((destructor)) static void at_exit(void)
{
    if (IS("late def")) {
        my_def->name = NULL; /* runs in dlclose, after the engine freed it */
    }
}
