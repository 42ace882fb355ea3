/* A plugin in C, as its definitions make it. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct def {
    int type;
    int proxy;
    int flags;
    char *name;
    char *description;
    int event_type;
};

#ifdef NATIVE
int out_native_plugin[64];
#else
#ifdef BIG_TLS
static __thread volatile char big[600] __attribute__((tls_model("initial-exec")));
#endif

int FLBPluginRegister(struct def *def)
{
    def->type = 2;
    def->name = strdup("of_c");
    def->description = strdup("");
    def->flags = 0;
    def->proxy = 11;
#ifdef WILD
    memset((char *) def + 64, 1, 8);
#endif
#ifdef CRASH
    abort();
#endif
    return 0;
}

int FLBPluginInit(void *plugin)
{
    (void) plugin;
#ifdef BIG_TLS
    big[0] = 1;
#endif
    return 1;
}

int FLBPluginExit(void) { return 0; }

#ifdef MUTE
int flbgo_describe(char *text, size_t size)
{
    (void) text; (void) size;
    return -1;
}
#endif

#ifndef NO_FLUSH
int FLBPluginFlush(void *data, int size, const char *tag)
{
    (void) data;
#ifdef NO_EMPTY
    if (size == 0) {
        return 2;
    }
#endif
    (void) size;
    switch (tag[0]) { /* as tests of flbgo replay want it */
    case 'c':
        abort();
    case 'e':
        return 0;
    case 'r':
        return 2;
    }
    return 1;
}
#endif
#endif
