/* Inputs that misbehave; BUG selects how. */
#include "plugin.h"

#define IS(name) (strcmp(BUG, name) == 0)

static struct api *api;
static int cleanups;

int FLBPluginRegister(struct def *def)
{
    return register_as(def, 1, "bad");
}

int FLBPluginInit(struct plugin *p)
{
    api = p->api;
    if (IS("coll_fd")) {
        p->context[0] = p;
    }
    return IS("init 0") ? 0 : 1;
}

#ifndef NO_COLLECT
int FLBPluginInputCallback(void **data, size_t *len)
{
    static char text[] = "abc";
    static int calls;

    calls++;
    if (calls > 1) {
        return 0;
    }
    *data = text;
    *len = 3;
    if (IS("past len")) {
        len[1] = 3;
    }
    return IS("collect -1") ? -1 : 5;
}

int FLBPluginInputCleanupCallback(void *data)
{
    (void) data;
    cleanups++;
    return -1;
}
#endif

int FLBPluginExit(void)
{
    printf("cleanups %d\n", cleanups);
    return 0;
}
