/* instance.c: what inputs and outputs have in common. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "slots.h"

/* The instance structs are the engine's; plugins know their address only. */
enum { INS_SIZE = 512 };

static pthread_mutex_t instances_mu = PTHREAD_MUTEX_INITIALIZER;
static struct instance *instances;

struct instance *instance_find(uint32_t id)
{
    struct instance *i;

    pthread_mutex_lock(&instances_mu);
    for (i = instances; i != NULL && i->id != id; i = i->next) {
    }
    pthread_mutex_unlock(&instances_mu);
    return i;
}

struct instance *instance_of(const void *ins, const char *function)
{
    struct instance *i;

    pthread_mutex_lock(&instances_mu);
    for (i = instances; i != NULL && block_mem(i->ins) != ins; i = i->next) {
    }
    pthread_mutex_unlock(&instances_mu);
    if (i != NULL && i->alive) {
        return i;
    }
    fault_report(FAULT_DEAD_INSTANCE, i != NULL ? library_file(i->lib) : "", slots_current(),
                 function, INS_SIZE, 0, 0);
    return NULL;
}

void metrics_fault(const struct instance *i, const char *function)
{
    fault_report(FAULT_DEAD_METRICS, i != NULL ? library_file(i->lib) : "", slots_current(),
                 function, CMT_SIZE, 0, 0);
}

static size_t offset_in_cmt(const struct instance *i, const void *p)
{
    return (uintptr_t) p - (uintptr_t) block_mem(i->cmt);
}

struct instance *instance_of_metrics(const void *p, const char *function, size_t *offset)
{
    struct instance *i;

    pthread_mutex_lock(&instances_mu);
    for (i = instances; i != NULL && offset_in_cmt(i, p) >= CMT_SIZE; i = i->next) {
    }
    pthread_mutex_unlock(&instances_mu);
    if (i == NULL || !i->alive) {
        metrics_fault(i, function);
        return NULL;
    }
    *offset = offset_in_cmt(i, p);
    return i;
}

bool instances_alive(void)
{
    bool alive = false;

    pthread_mutex_lock(&instances_mu);
    for (struct instance *i = instances; i != NULL; i = i->next) {
        alive = alive || i->alive;
    }
    pthread_mutex_unlock(&instances_mu);
    return alive;
}

/* flb_input_proxy_context and flb_plugin_proxy_context are calloc'd at config load. */
static struct block *context_new(struct library *l)
{
    struct proxy_context plain = {.proxy = block_mem(l->proxy)};
    struct input_proxy_context input = {.proxy = block_mem(l->proxy)};
    struct block *b;

    if (l->kind == KIND_INPUT && host_generation()->input_ctx) {
        b = block_new(l, sizeof(input), true, "struct flb_plugin_input_proxy_context");
        block_write(b, 0, &input, sizeof(input));
        block_protect(b, offsetof(struct input_proxy_context, remote_context), sizeof(void *));
        return b;
    }
    b = block_new(l, sizeof(plain), true, "struct flb_plugin_proxy_context");
    block_write(b, 0, &plain, sizeof(plain));
    block_protect(b, offsetof(struct proxy_context, remote_context), sizeof(void *));
    return b;
}

static void read_properties(struct instance *i, struct frame *f)
{
    struct property **end = &i->properties;

    for (uint32_t n = get_u32(f); n > 0; n--) {
        struct property *p = calloc(1, sizeof(*p));
        const char *value;
        size_t len;

        if (p == NULL || (p->key = strdup(get_str(f))) == NULL) {
            die("out of memory");
        }
        value = get_bytes(f, &len);
        if (len > 0) {
            p->value = block_str(i->lib, value, len, "value of property %s", p->key);
        }
        *end = p;
        end = &p->next;
    }
}

static struct instance *instance_read(struct library *l, struct frame *f)
{
    struct instance *i = calloc(1, sizeof(*i));
    const char *name;

    if (i == NULL) {
        die("out of memory");
    }
    i->lib = l;
    i->id = get_u32(f);
    i->log_level = (int) get_u32(f);
    i->workers = (int) get_u32(f);
    i->threaded = get_u32(f) != 0 && l->kind == KIND_INPUT;
    name = get_str(f);
    i->label = strdup(name);
    i->name = block_str(l, name, strlen(name), "name of the instance");
    read_properties(i, f);
    return i;
}

/* NEW: library id, kind, instance id, log level, workers, threaded, name, properties */
void instance_new(struct job *j)
{
    struct library *l = library_find(get_u32(j->frame));
    int kind = (int) get_u32(j->frame);
    struct instance *i;

    if (l == NULL || l->plugin == NULL || l->kind != kind) {
        reply_error(j->frame->id, "new instance", 0, "the library has no such plugin");
        return;
    }
    i = instance_read(l, j->frame);
    i->ins = block_new(l, INS_SIZE, false, "struct flb_%s_instance",
                       kind == KIND_INPUT ? "input" : "output");
    block_protect(i->ins, 0, 0);
    i->cmt = block_new(l, CMT_SIZE, false, "struct cmt");
    block_protect(i->cmt, 0, 0);
    i->ctx = context_new(l);
    i->collector.ins = i;
    i->loop = host_pipeline();
    i->alive = true;
    l->instances++;
    pthread_mutex_lock(&instances_mu);
    i->next = instances;
    instances = i;
    pthread_mutex_unlock(&instances_mu);
    reply_ok(j->frame->id, 0);
}

/* The plugin struct is one per library: fields 8 to 31 belong to the last Init. */
static void plugin_set(struct instance *i)
{
    struct plugin_head h = {
        .name = block_mem(i->lib->name),
        .api = block_mem(i->lib->api),
        .ins = block_mem(i->ins),
        .context = block_mem(i->ctx),
    };

    block_write(i->lib->proxy, offsetof(struct proxy, instance), &h.ins, sizeof(h.ins));
    i->lib->last = i;
    block_write(i->lib->plugin, 0, &h, sizeof(h));
}

/* The engine frees the context of an input that failed, and of no other (flb_plugin_proxy.c). */
static void init_failed(struct instance *i)
{
    i->state = STATE_FAILED;
    if (i->lib->kind == KIND_INPUT) {
        block_free(i->ctx);
    }
}

bool instance_init(struct instance *i, uint32_t request, int *code)
{
    struct library *l = i->lib;

    if (!configmap_allows(i)) {
        init_failed(i);
        reply_error(request, "config_map", 0, "refused a property");
        return false;
    }
    plugin_set(i);
    call_begin(l, i, "FLBPluginInit");
    *code = l->init(block_mem(l->plugin));
    call_end(l, "FLBPluginInit");
    if (*code > 0) {
        i->state = STATE_READY;
    }
    else {
        init_failed(i);
        host_log(LOG_ERROR, "[go proxy]: plugin '%s' failed to initialize",
                 (char *) block_mem(l->name));
        reply_error(request, "FLBPluginInit", *code, "returned %d", *code);
    }
    return *code > 0;
}

void *instance_context(const struct instance *i)
{
    const struct input_proxy_context *input = block_mem(i->ctx);
    const struct proxy_context *plain = block_mem(i->ctx);

    if (i->lib->kind == KIND_INPUT && host_generation()->input_ctx) {
        return input->remote_context;
    }
    return plain->remote_context;
}

void instance_call_int(struct instance *i, const char *symbol, int arg)
{
    int_arg_func *f = (int_arg_func *) library_symbol(i->lib, symbol);

    if (f == NULL) {
        return;
    }
    call_begin(i->lib, i, symbol);
    f(arg);
    call_end(i->lib, symbol);
}

void instance_call_void(struct instance *i, const char *symbol)
{
    void_func *f = (void_func *) library_symbol(i->lib, symbol);

    if (f == NULL) {
        return;
    }
    call_begin(i->lib, i, symbol);
    f();
    call_end(i->lib, symbol);
}

/* ExitCtx replaces Exit, and is for outputs only. */
void instance_call_exit(struct instance *i)
{
    const char *call = i->lib->exit_ctx != NULL ? "FLBPluginExitCtx" : "FLBPluginExit";

    if (i->lib->exit_ctx == NULL && i->lib->exit == NULL) {
        return;
    }
    call_begin(i->lib, i, call);
    if (i->lib->exit_ctx != NULL) {
        i->lib->exit_ctx(instance_context(i));
    }
    else {
        i->lib->exit();
    }
    call_end(i->lib, call);
}

void instance_destroy(struct instance *i)
{
    i->state = STATE_EXITED;
    i->alive = false;
    metrics_free(i);
    for (struct property *p = i->properties; p != NULL; p = p->next) {
        block_free(p->value);
    }
    block_free(i->ctx);
    block_free(i->cmt);
    block_free(i->name);
    block_free(i->data);
    block_free(i->len);
    block_free(i->ins);
    i->lib->instances--;
}
