/*
 * The structs that the engine shares with proxy plugins, and what differs
 * between engine generations. Facts: flb_plugin_proxy.h, flb_api.h and
 * src/proxy/go/go.h of Fluent Bit, read at each release.
 */
#ifndef CHOST_ABI_H
#define CHOST_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KIND_INPUT = 1, KIND_OUTPUT = 2, KIND_CUSTOM = 3 };
enum { PROXY_GO = 11 };
enum { FLUSH_ERROR = 0, FLUSH_OK = 1, FLUSH_RETRY = 2 };

/* struct flb_plugin_proxy_def; later releases append fields. */
struct proxy_def {
    int type;
    int proxy;
    int flags;
    char *name;
    char *description;
    int event_type;   /* since 4.2.3 */
    void *config_map; /* since 5.1.1 */
};

/* The head of struct flb_config_map; elements of a list are map_stride apart. */
struct config_map {
    int type;
    char *name;
    char *def_value;
    int flags;
};

enum { CONFIG_MAP_MULT = 1 };

/* struct flb_api */
struct api {
    const char *(*output_get_property)(const char *, void *);
    const char *(*input_get_property)(const char *, void *);
    void *(*output_get_cmt_instance)(void *);
    void *(*input_get_cmt_instance)(void *);
    void (*log_print)(int, const char *, int, const char *, ...);
    int (*input_log_check)(void *, int);
    int (*output_log_check)(void *, int);
    const char *(*custom_get_property)(const char *, void *); /* since 4.0.3 */
    int (*custom_log_check)(void *, int);
};

/* struct flb_plugin_proxy */
struct proxy {
    struct proxy_def *def;
    struct api *api;
    void *instance;
    void *dso_handler;
    void *data;
    void *list[2];
};

/* struct flb_plugin_proxy_context: outputs, and inputs before 4.1 during Init */
struct proxy_context {
    void *remote_context;
    struct proxy *proxy;
};

/* struct flb_plugin_input_proxy_context, since 4.1 */
struct input_proxy_context {
    int coll_fd;
    void *remote_context;
    struct proxy *proxy;
};

/* What FLBPluginInit receives: struct flbgo_input_plugin, flbgo_output_plugin. */
struct plugin_head {
    char *name;
    struct api *api;
    void *ins;
    void *context;
};

typedef int init_func(void *plugin);
typedef int register_func(struct proxy_def *);
typedef void unregister_func(struct proxy_def *);
typedef int int_arg_func(int);
typedef void pre_exit_func(int);
typedef void void_func(void);
typedef int collect_func(void **, size_t *);
typedef int collect_ctx_func(void *, void **, size_t *);
typedef int cleanup_func(void *);
typedef int cleanup_ctx_func(void *, void *);
typedef int flush_func(const void *, size_t, char *);
typedef int flush_ctx_func(void *, const void *, size_t, char *);
typedef int exit_func(void);
typedef int exit_ctx_func(void *);

struct output_plugin {
    struct plugin_head head;
    init_func *cb_init;
    flush_func *cb_flush;
    flush_ctx_func *cb_flush_ctx;
    exit_func *cb_exit;
    exit_ctx_func *cb_exit_ctx;
};

struct input_plugin_old { /* before 4.1 */
    struct plugin_head head;
    init_func *cb_init;
    collect_func *cb_collect;
    cleanup_func *cb_cleanup;
    exit_func *cb_exit;
};

struct input_plugin {
    struct plugin_head head;
    init_func *cb_init;
    collect_func *cb_collect;
    collect_ctx_func *cb_collect_ctx;
    cleanup_func *cb_cleanup;
    cleanup_ctx_func *cb_cleanup_ctx;
    exit_func *cb_exit;
};

struct custom_plugin {
    struct plugin_head head;
    init_func *cb_init;
    exit_func *cb_exit;
};

/* One row of the table of layouts. */
struct generation {
    const char *name;
    size_t def_size;
    bool def_zeroed;
    size_t api_size;
    size_t input_plugin_size;
    bool input_ctx; /* 24-byte input context and the Ctx callbacks of inputs */
    size_t map_stride; /* size of struct flb_config_map: 104 since 5.0.3 */
    size_t stack_size;
};

#define DEF_SIZE_32 offsetof(struct proxy_def, event_type)
#define DEF_SIZE_40 offsetof(struct proxy_def, config_map)
#define API_SIZE_56 offsetof(struct api, custom_get_property)

/* flb_coro.h: 1.5 times PTHREAD_STACK_MIN, since 5.1.0 at least 64 KiB; libco adds 512. */
enum { LIBCO_EXTRA = 512 };
#if defined(__aarch64__)
#define STACK_SIZE_OLD ((size_t) 196608)
#define STACK_SIZE_NEW ((size_t) 196608)
#else
#define STACK_SIZE_OLD ((size_t) 24576)
#define STACK_SIZE_NEW ((size_t) 65536)
#endif

_Static_assert(sizeof(void *) == 8 && sizeof(int) == 4, "LP64 only");
_Static_assert(DEF_SIZE_32 == 32 && DEF_SIZE_40 == 40, "def before 4.2.3, before 5.1.1");
_Static_assert(sizeof(struct proxy_def) == 48, "def since 5.1.1");
_Static_assert(offsetof(struct proxy_def, flags) == 8, "def.flags");
_Static_assert(offsetof(struct proxy_def, name) == 16, "def.name");
_Static_assert(offsetof(struct proxy_def, description) == 24, "def.description");
_Static_assert(API_SIZE_56 == 56 && sizeof(struct api) == 72, "api before and since 4.0.3");
_Static_assert(offsetof(struct api, log_print) == 32, "api.log_print");
_Static_assert(offsetof(struct config_map, flags) == 24, "config_map.flags");
_Static_assert(sizeof(struct proxy) == 56, "proxy");
_Static_assert(offsetof(struct proxy, instance) == 16, "proxy.instance");
_Static_assert(sizeof(struct proxy_context) == 16, "output context");
_Static_assert(offsetof(struct proxy_context, proxy) == 8, "output context.proxy");
_Static_assert(sizeof(struct input_proxy_context) == 24, "input context");
_Static_assert(offsetof(struct input_proxy_context, remote_context) == 8, "input context");
_Static_assert(offsetof(struct input_proxy_context, proxy) == 16, "input context.proxy");
_Static_assert(offsetof(struct plugin_head, context) == 24, "plugin.context");
_Static_assert(sizeof(struct output_plugin) == 72, "output plugin");
_Static_assert(sizeof(struct input_plugin_old) == 64, "input plugin before 4.1");
_Static_assert(sizeof(struct input_plugin) == 80, "input plugin since 4.1");
_Static_assert(sizeof(struct custom_plugin) == 48, "custom plugin");

#endif
