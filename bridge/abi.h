// The engine's structs, as far as this library touches them. Their rest differs from release to release.
#ifndef FLBGO_ABI_H
#define FLBGO_ABI_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

// For functions that the engine looks up. cgo marks those of Go so on Windows, after which the linker exports no others.
#ifdef _WIN32
#define FLBGO_EXPORT __declspec(dllexport)
#else
#define FLBGO_EXPORT
#endif

// Registration, filled by FLBPluginRegister. Up to v4.2.2 the engine allocates these 32 bytes and no more, so that
// nothing behind them may be written before it is known to be there.
struct flbgo_def {
    int type;
    int proxy;
    int flags;
    char *name;
    char *description;
};

#define FLBGO_TYPE_INPUT 1
#define FLBGO_TYPE_OUTPUT 2
#define FLBGO_PROXY 11

// Functions of the engine, since v2.0.0. Newer ones follow.
struct flbgo_api {
    const char *(*output_get_property)(const char *name, void *ins);
    const char *(*input_get_property)(const char *name, void *ins);
    void *(*output_get_cmt)(void *ins);
    void *(*input_get_cmt)(void *ins);
    void (*log_print)(int level, const char *file, int line, const char *format, ...);
    int (*input_log_check)(void *ins, int level);
    int (*output_log_check)(void *ins, int level);
};

// What FLBPluginInit is given. There is one per library: the next Init overwrites it.
struct flbgo_plugin {
    char *name;
    struct flbgo_api *api;
    void *ins;
    void **context;
};

_Static_assert(sizeof(void *) != 8 || sizeof(struct flbgo_def) == 32, "struct flb_plugin_proxy_def");
_Static_assert(sizeof(void *) != 8 || offsetof(struct flbgo_def, name) == 16, "struct flb_plugin_proxy_def");
_Static_assert(sizeof(void *) != 8 || sizeof(struct flbgo_api) == 56, "struct flb_api");
_Static_assert(sizeof(void *) != 8 || sizeof(struct flbgo_plugin) == 32, "struct flbgo_input_plugin");

#endif
