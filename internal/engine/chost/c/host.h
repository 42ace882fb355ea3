/* What the host's parts know of each other. */
#ifndef CHOST_HOST_H
#define CHOST_HOST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"
#include "blocks.h"
#include "frames.h"
#include "loops.h"

/* The host is built with hidden visibility: nothing else can clash with a plugin's names. */
#ifdef CHOST_HIDE_SYMBOLS
#define EXPORT
#else
#define EXPORT __attribute__((visibility("default")))
#endif

/* main.c: fixed for the life of the process */
const struct generation *host_generation(void);
int64_t host_tick_ns(void);
int host_hot_reload(void); /* argument of the PreRun callbacks */
size_t host_page_size(void);
struct loop *host_pipeline(void);

/* One dlopen'd file and its registration. Never freed, so that ids stay valid. */
struct library {
    struct library *next;
    uint32_t id;
    char *path;
    void *handle;
    int kind;
    _Atomic int instances; /* made and not yet exited */
    struct block *def;
    struct block *api;
    struct block *proxy;
    struct block *name;   /* the engine's copy of def.name */
    struct block *plugin; /* what FLBPluginInit receives; NULL: not registered */
    init_func *init;
    /* inputs */
    collect_func *collect;
    collect_ctx_func *collect_ctx;
    cleanup_func *cleanup;
    cleanup_ctx_func *cleanup_ctx;
    /* outputs */
    flush_func *flush;
    flush_ctx_func *flush_ctx;
    exit_ctx_func *exit_ctx;
    exit_func *exit;
    _Atomic(struct instance *) last; /* proxy->instance: initialised last */
};

struct property {
    struct property *next;
    char *key;
    struct block *value; /* NULL: the engine's NULL */
};

enum state { STATE_NEW, STATE_READY, STATE_FAILED, STATE_EXITED };

/* One configured section. Never freed; its blocks are, at exit. */
struct instance {
    struct instance *next;
    uint32_t id;
    struct library *lib;
    char *label; /* for our own messages */
    int log_level;
    int workers;
    bool threaded;
    _Atomic int state;
    _Atomic bool alive; /* `ins` may be used by the plugin */
    struct block *ins;
    struct block *name;
    struct block *ctx;
    struct block *cmt;
    struct metric **metrics;
    int metric_count;
    struct property *properties;
    struct loop *loop; /* where its callbacks run; outputs: without workers */
    /* inputs */
    struct collector collector;
    struct block *data; /* the out parameters of InputCallback */
    struct block *len;
    /* outputs */
    struct loop **pool;
    _Atomic unsigned next_worker;
};

/* library.c */
void library_load(struct job *j);
void library_unload(struct job *j);
void library_ask(struct job *j);
struct library *library_find(uint32_t id);
const char *library_file(const struct library *lib); /* base name; "" for NULL */
void *library_symbol(const struct library *lib, const char *name);
/* Around every call into the plugin. `call` is a string constant. */
void call_begin(const struct library *lib, const struct instance *ins, const char *call);
void call_end(struct library *lib, const char *call);

/* instance.c */
void instance_new(struct job *j);
struct instance *instance_find(uint32_t id);
/* The live instance behind a plugin's `ins`; reports a fault and returns NULL for others. */
struct instance *instance_of(const void *ins, const char *function);
/* The same by its struct cmt, or an address at an offset inside. */
struct instance *instance_of_metrics(const void *p, const char *function, size_t *offset);
/* A plugin has called with metrics that are not alive; NULL: of an unknown instance. */
void metrics_fault(const struct instance *ins, const char *function);
bool instances_alive(void);
/* Replies to the request itself if it fails. */
bool instance_init(struct instance *ins, uint32_t request, int *code);
void instance_destroy(struct instance *ins);
void *instance_context(const struct instance *ins);
/* An int(int) callback such as PreRun; a missing symbol is fine. */
void instance_call_int(struct instance *ins, const char *symbol, int arg);
void instance_call_void(struct instance *ins, const char *symbol);
void instance_call_exit(struct instance *ins);

/* input.c: jobs for the pipeline (init, exit) or the instance's loop */
void input_init(struct job *j);
void input_start(struct job *j);
void input_pause(struct job *j);
void input_resume(struct job *j);
void input_exit(struct job *j);
void input_collect(struct instance *ins);

/* output.c: jobs for the pipeline */
void output_init(struct job *j);
void output_start(struct job *j);
void output_exit(struct job *j);
/* Called by the receiver: hands the flush to the pipeline or a worker. */
void output_flush(struct instance *ins, struct frame *f);

/* metrics.c */
enum { CMT_SIZE = 1024 };
void metrics_free(struct instance *ins);

/* append.c */
int append(struct instance *ins, const char *tag, size_t tag_len, const void *events, size_t len);
void append_answer(struct frame *f);

/* configmap.c: whether the plugin's list has all of the section's properties; logs the first that it has not */
bool configmap_allows(const struct instance *ins);

/* api.c */
void api_fill(struct api *api, size_t size);

#endif
