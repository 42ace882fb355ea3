/*
 * An output of in_count's events: a line "tag v" for each to the file `path`, and "exit" at the end. fail: how many
 * flushes ask for a retry first. crash: the first flush does.
 */
#include <signal.h>

#include "../chost/testdata/plugin.h"

struct state {
    FILE *to;
    int fail, crash;
};

int FLBPluginRegister(struct def *def)
{
    return register_as(def, 2, "lines");
}

static int number(struct plugin *p, const char *key)
{
    const char *v = p->api->output_get_property(key, p->ins);

    return v != NULL ? atoi(v) : 0;
}

int FLBPluginInit(struct plugin *p)
{
    struct state *s = calloc(1, sizeof(*s));

    s->to = fopen(p->api->output_get_property("path", p->ins), "a");
    s->fail = number(p, "fail");
    s->crash = number(p, "crash");
    p->context[0] = s;
    return s->to != NULL;
}

int FLBPluginFlushCtx(void *ctx, const void *data, size_t len, char *tag)
{
    const unsigned char *b = data;
    struct state *s = ctx;

    if (s->crash) {
        raise(SIGSEGV);
    }
    if (s->fail > 0) {
        s->fail--;
        return 2;
    }
    for (size_t i = 9; i < len; i += 10) {
        fprintf(s->to, "%s %d\n", tag, b[i]);
    }
    return fflush(s->to) == 0;
}

int FLBPluginExitCtx(void *ctx)
{
    struct state *s = ctx;

    if (s != NULL) {
        fprintf(s->to, "exit\n");
        fclose(s->to);
        free(s);
    }
    return 0;
}
