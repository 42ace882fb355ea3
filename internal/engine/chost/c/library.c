/* library.c: dlopen, registration and unregistration, on the main thread. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "slots.h"

static pthread_mutex_t libraries_mu = PTHREAD_MUTEX_INITIALIZER;
static struct library *libraries;

struct library *library_find(uint32_t id)
{
    struct library *l;

    pthread_mutex_lock(&libraries_mu);
    for (l = libraries; l != NULL && l->id != id; l = l->next) {
    }
    pthread_mutex_unlock(&libraries_mu);
    return l;
}

static struct library *library_new(uint32_t id, const char *path)
{
    struct library *l = calloc(1, sizeof(*l));

    if (l == NULL || (l->path = strdup(path)) == NULL) {
        die("out of memory");
    }
    l->id = id;
    pthread_mutex_lock(&libraries_mu);
    l->next = libraries;
    libraries = l;
    pthread_mutex_unlock(&libraries_mu);
    return l;
}

const char *library_file(const struct library *lib)
{
    const char *slash;

    if (lib == NULL) {
        return "";
    }
    slash = strrchr(lib->path, '/');
    return slash != NULL ? slash + 1 : lib->path;
}

void *library_symbol(const struct library *lib, const char *name)
{
    return dlsym(lib->handle, name);
}

void call_begin(const struct library *lib, const struct instance *ins, const char *call)
{
    slots_call(call, library_file(lib), ins != NULL ? ins->label : "");
}

void call_end(struct library *lib, const char *call)
{
    slots_return();
    blocks_check(lib, call);
}

static void write_pointer(struct block *b, size_t off, const void *p)
{
    block_write(b, off, &p, sizeof(p));
}

/* What flb_plugin_proxy_create allocates. */
static void library_allocate(struct library *l)
{
    const struct generation *g = host_generation();
    struct proxy p = {.instance = NULL};

    l->def = block_new(l, g->def_size, g->def_zeroed, "struct flb_plugin_proxy_def");
    l->api = block_new(l, g->api_size, false, "struct flb_api");
    api_fill(block_mem(l->api), g->api_size);
    block_protect(l->api, 0, 0);
    l->proxy = block_new(l, sizeof(p), false, "struct flb_plugin_proxy");
    p.def = block_mem(l->def);
    p.api = block_mem(l->api);
    p.dso_handler = l->handle;
    p.list[0] = p.list[1] = (char *) block_mem(l->proxy) + offsetof(struct proxy, list);
    block_write(l->proxy, 0, &p, sizeof(p));
    block_protect(l->proxy, 0, 0);
}

static bool pre_register(struct library *l, uint32_t id, int reloading)
{
    int_arg_func *f = (int_arg_func *) library_symbol(l, "FLBPluginPreRegister");
    int ret;

    if (f == NULL) {
        return true;
    }
    call_begin(l, NULL, "FLBPluginPreRegister");
    ret = f(reloading);
    call_end(l, "FLBPluginPreRegister");
    if (ret == -1) {
        reply_error(id, "FLBPluginPreRegister", ret, "returned -1");
    }
    return ret != -1;
}

static bool call_register(struct library *l, uint32_t id)
{
    register_func *f = (register_func *) library_symbol(l, "FLBPluginRegister");
    int ret;

    if (f == NULL) {
        reply_error(id, "FLBPluginRegister", 0, "is not exported");
        return false;
    }
    call_begin(l, NULL, "FLBPluginRegister");
    ret = f(block_mem(l->def));
    call_end(l, "FLBPluginRegister");
    if (ret == -1) {
        block_free(l->def);
        reply_error(id, "FLBPluginRegister", ret, "returned -1");
    }
    return ret != -1;
}

/* The registration struct as the plugin left it: what the engine relies on. */
static bool def_check(struct library *l, uint32_t id)
{
    const struct proxy_def *def = block_mem(l->def);
    const char *garbage;

    memset(&garbage, GARBAGE_BYTE, sizeof(garbage));
    if (def->proxy != PROXY_GO) {
        reply_error(id, "FLBPluginRegister", def->proxy, "set proxy to %d, not %d", def->proxy,
                    PROXY_GO);
        return false;
    }
    if (def->type < KIND_INPUT || def->type > KIND_CUSTOM) {
        reply_error(id, "FLBPluginRegister", def->type, "set type to %d, which is no plugin type",
                    def->type);
        return false;
    }
    if (def->name == NULL || def->name == garbage) {
        reply_error(id, "FLBPluginRegister", 0, "set no name");
        return false;
    }
    return true;
}

static bool find_symbols(struct library *l, uint32_t id)
{
    bool ctx = host_generation()->input_ctx;

    l->init = (init_func *) library_symbol(l, "FLBPluginInit");
    if (l->init == NULL) {
        host_log(LOG_ERROR, "[go proxy]: could not load FLBPluginInit symbol");
        reply_error(id, "FLBPluginInit", 0, "is not exported");
        return false;
    }
    l->exit = (exit_func *) library_symbol(l, "FLBPluginExit");
    if (l->kind == KIND_INPUT) {
        l->collect = (collect_func *) library_symbol(l, "FLBPluginInputCallback");
        l->cleanup = (cleanup_func *) library_symbol(l, "FLBPluginInputCleanupCallback");
    }
    if (l->kind == KIND_INPUT && ctx) {
        l->collect_ctx = (collect_ctx_func *) library_symbol(l, "FLBPluginInputCallbackCtx");
        l->cleanup_ctx = (cleanup_ctx_func *) library_symbol(l, "FLBPluginInputCleanupCallbackCtx");
    }
    if (l->kind == KIND_OUTPUT) {
        l->flush = (flush_func *) library_symbol(l, "FLBPluginFlush");
        l->flush_ctx = (flush_ctx_func *) library_symbol(l, "FLBPluginFlushCtx");
        l->exit_ctx = (exit_ctx_func *) library_symbol(l, "FLBPluginExitCtx");
    }
    return true;
}

static void allocate_output_plugin(struct library *l, char *name)
{
    struct output_plugin p = {
        .cb_init = l->init,
        .cb_flush = l->flush,
        .cb_flush_ctx = l->flush_ctx,
        .cb_exit = l->exit,
        .cb_exit_ctx = l->exit_ctx,
    };

    memset(&p.head, GARBAGE_BYTE, sizeof(p.head));
    p.head.name = name;
    l->plugin = block_new(l, sizeof(p), false, "struct flbgo_output_plugin");
    block_write(l->plugin, 0, &p, sizeof(p));
}

static void allocate_input_plugin(struct library *l, char *name)
{
    struct input_plugin p = {
        .cb_init = l->init,
        .cb_collect = l->collect,
        .cb_collect_ctx = l->collect_ctx,
        .cb_cleanup = l->cleanup,
        .cb_cleanup_ctx = l->cleanup_ctx,
        .cb_exit = l->exit,
    };
    struct input_plugin_old old = {
        .cb_init = l->init,
        .cb_collect = l->collect,
        .cb_cleanup = l->cleanup,
        .cb_exit = l->exit,
    };
    size_t size = host_generation()->input_plugin_size;

    memset(&p.head, GARBAGE_BYTE, sizeof(p.head));
    p.head.name = name;
    old.head = p.head;
    l->plugin = block_new(l, size, false, "struct flbgo_input_plugin");
    block_write(l->plugin, 0, size == sizeof(old) ? (void *) &old : (void *) &p, size);
}

static void allocate_custom_plugin(struct library *l, char *name)
{
    struct custom_plugin p = {.cb_init = l->init, .cb_exit = l->exit};

    memset(&p.head, GARBAGE_BYTE, sizeof(p.head));
    p.head.name = name;
    l->plugin = block_new(l, sizeof(p), false, "struct flbgo_custom_plugin");
    block_write(l->plugin, 0, &p, sizeof(p));
}

/* Allocated once per loaded plugin, whatever the number of its instances. */
static void allocate_plugin(struct library *l)
{
    const struct proxy_def *def = block_mem(l->def);
    char *name;

    l->name = block_str(l, def->name, strlen(def->name), "name in the plugin struct");
    name = block_mem(l->name);
    switch (l->kind) {
    case KIND_INPUT:
        allocate_input_plugin(l, name);
        break;
    case KIND_OUTPUT:
        allocate_output_plugin(l, name);
        break;
    default:
        allocate_custom_plugin(l, name);
    }
    block_protect(l->plugin, 0, 0);
    write_pointer(l->proxy, offsetof(struct proxy, data), block_mem(l->plugin));
}

static void reply_registered(const struct library *l, uint32_t id)
{
    const struct proxy_def *def = block_mem(l->def);
    bool event_type = host_generation()->def_size > DEF_SIZE_32;
    const char *garbage, *description = def->description;
    struct out o;

    memset(&garbage, GARBAGE_BYTE, sizeof(garbage));
    if (description == NULL || description == garbage) {
        description = "";
    }
    out_init(&o, REP_OK, id);
    out_u32(&o, (uint32_t) def->type);
    out_u32(&o, (uint32_t) def->flags);
    out_u32(&o, event_type ? (uint32_t) def->event_type : 0);
    out_str(&o, def->name);
    out_str(&o, description);
    out_send(&o, NULL, 0);
}

/* LOAD: library id, 1 when the load is part of a hot reload, path */
void library_load(struct job *j)
{
    uint32_t id = get_u32(j->frame), reloading = get_u32(j->frame);
    struct library *l = library_new(id, get_str(j->frame));

    slots_call("dlopen", library_file(l), "");
    l->handle = dlopen(l->path, RTLD_LAZY | RTLD_LOCAL);
    slots_return();
    if (l->handle == NULL) {
        reply_error(j->frame->id, "dlopen", 0, "%s", dlerror());
        return;
    }
    library_allocate(l);
    if (!pre_register(l, j->frame->id, (int) reloading) || !call_register(l, j->frame->id)
        || !def_check(l, j->frame->id)) {
        return;
    }
    l->kind = ((struct proxy_def *) block_mem(l->def))->type;
    if (!find_symbols(l, j->frame->id)) {
        return;
    }
    allocate_plugin(l);
    reply_registered(l, j->frame->id);
}

static void call_unregister(struct library *l)
{
    unregister_func *f = (unregister_func *) library_symbol(l, "FLBPluginUnregister");

    if (f == NULL || l->kind == KIND_CUSTOM) {
        return; /* the engine never unregisters customs */
    }
    call_begin(l, NULL, "FLBPluginUnregister");
    f(block_mem(l->def));
    call_end(l, "FLBPluginUnregister");
}

/* UNLOAD: library id */
void library_unload(struct job *j)
{
    struct library *l = library_find(get_u32(j->frame));

    if (l == NULL || l->plugin == NULL) {
        reply_error(j->frame->id, "unload", 0, "the library is not registered");
        return;
    }
    if (l->instances > 0) {
        reply_error(j->frame->id, "unload", 0, "%d instances have not exited", l->instances);
        return;
    }
    call_unregister(l);
    block_free(l->name);
    block_free(l->plugin);
    block_free(l->def);
    block_free(l->api);
    block_free(l->proxy);
    l->plugin = NULL;
    dlclose(l->handle);
    blocks_check(l, "dlclose");
    reply_ok(j->frame->id, 0);
}

enum { ANSWER_MAX = 16 << 20 };

/* Asks with ever more room until the answer fits. *n is what the plugin returned; the caller frees the block. */
static struct block *answer_of(struct library *l, int (*ask)(char *, size_t), int *n)
{
    struct block *text = NULL;
    size_t size = 1024;

    for (;;) {
        text = block_new(l, size, true, "room for an answer");
        call_begin(l, NULL, "a question");
        *n = ask(block_mem(text), size);
        call_end(l, "a question");
        if (*n < (int) size || *n > ANSWER_MAX) {
            return text;
        }
        block_retire(text);
        size = (size_t) *n >= 2 * size ? (size_t) *n + 1 : 2 * size;
    }
}

/* ASK: library id, symbol of an int (char *text, size_t size) that answers as snprintf does */
void library_ask(struct job *j)
{
    struct library *l = library_find(get_u32(j->frame));
    const char *symbol = get_str(j->frame);
    int (*ask)(char *, size_t) = NULL;
    struct block *text;
    struct out o;
    int n;

    if (l != NULL && l->plugin != NULL) {
        *(void **) &ask = library_symbol(l, symbol);
    }
    if (ask == NULL) {
        reply_error(j->frame->id, symbol, 0, "is not exported");
        return;
    }
    text = answer_of(l, ask, &n);
    if (n < 0 || n > ANSWER_MAX) {
        reply_error(j->frame->id, symbol, n, "returned %d", n);
    } else {
        size_t len = strnlen(block_mem(text), (size_t) n);

        out_init(&o, REP_OK, j->frame->id);
        out_u32(&o, (uint32_t) len);
        out_send(&o, block_mem(text), len);
    }
    block_retire(text);
}
