//go:build cgo

#include <stddef.h>
#include <stdint.h>

#include "abi.h"
#include "flush.h"

// Of export.go.
int flbgoRegister(void *def);
void flbgoUnregister(void *def);
int flbgoInit(void *plugin);
int flbgoExitCtx(void *context);
int flbgoExit(void);

// In daemon mode (-d) the engine forks after it has loaded its plugins (fluent-bit.c). The child has one thread, so none of
// Go's: goroutines never run, and a call into Go may not come back. The calls that come first in such a process, and
// those that follow a refused Init, stay out of it.

#define LEVEL_ERROR 1
#define OK 0
#define REFUSED (-1) // any other value of Register is a success, and any above 0 of Init

#ifdef _WIN32

static int forked(void) { return 0; }

#else

#include <sys/types.h>
#include <unistd.h>

static pid_t loaded_by;

__attribute__((constructor)) static void remember_process(void) { loaded_by = getpid(); }

static int forked(void) { return getpid() != loaded_by; }

#endif

static _Atomic int hot_reload_enabled;

int flbgo_hot_reload(void) { return hot_reload_enabled; }

static void say_why(const struct flbgo_plugin *plugin) {
    plugin->api->log_print(LEVEL_ERROR, NULL, 0, "plugin: \"%s\": daemon mode is not supported: Fluent Bit has forked after it"
        " loaded this library, and Go's threads do not survive that (want Fluent Bit in the foreground, run by a service"
        " manager)", plugin->name);
}

FLBGO_EXPORT int FLBPluginPreRegister(int hot_reloading) { (void)hot_reloading; return OK; }

FLBGO_EXPORT int FLBPluginRegister(void *def) { return forked() ? REFUSED : flbgoRegister(def); }

FLBGO_EXPORT void FLBPluginUnregister(void *def) {
    if (!forked()) {
        flbgoUnregister(def);
    }
}

FLBGO_EXPORT int FLBPluginInit(void *plugin) {
    if (forked()) {
        say_why(plugin);
        return REFUSED;
    }
    return flbgoInit(plugin);
}

FLBGO_EXPORT int FLBPluginOutputPreRun(int hot_reload) {
    hot_reload_enabled = hot_reload == 1;
    return OK;
}

FLBGO_EXPORT void FLBPluginInputPreExit(int hot_reload) { (void)hot_reload; }

FLBGO_EXPORT void FLBPluginOutputPreExit(int hot_reload) { (void)hot_reload; }

FLBGO_EXPORT int FLBPluginExitCtx(void *context) { return forked() ? OK : flbgoExitCtx(context); }

FLBGO_EXPORT int FLBPluginExit(void) { return forked() ? OK : flbgoExit(); }
