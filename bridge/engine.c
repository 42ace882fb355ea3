//go:build cgo

#ifndef _GNU_SOURCE
#define _GNU_SOURCE // RTLD_DEFAULT
#endif

#include "engine.h"

#include <stdatomic.h>
#include <stdio.h>

#ifndef _WIN32
#include <dlfcn.h>

// The engine's executable exports its functions (ENABLE_EXPORTS, since v0.8.0). Looking them up at run time needs no C
// library to build with, and finds the release that is running.
void *flbgo_symbol(const char *name) { return dlsym(RTLD_DEFAULT, name); }
#else
void *flbgo_symbol(const char *name) { (void)name; return NULL; } // its exports cannot be looked up there
#endif

void flbgo_register(void *def, int type, int flags, char *name, char *description) {
    struct flbgo_def *d = def;
    d->type = type;
    d->proxy = FLBGO_PROXY;
    d->flags = flags; // the block is not zeroed up to v4.2.2
    d->name = name;
    d->description = description;
}

void flbgo_open(void *plugin, int type, struct flbgo_engine *engine) {
    struct flbgo_plugin *p = plugin;
    int input = type == FLBGO_TYPE_INPUT;
    engine->type = type;
    engine->ins = p->ins;
    engine->context = p->context;
    engine->get_property = input ? p->api->input_get_property : p->api->output_get_property;
    engine->log_check = input ? p->api->input_log_check : p->api->output_log_check;
    engine->log_print = p->api->log_print;
}

// An output's context is {remote_context, proxy}. An input's is {collector, remote_context, proxy} since v4.1.0; before, it
// is {remote_context, proxy} at Init and gone afterwards: the second word, not null, tells.
void flbgo_set_context(struct flbgo_engine *engine, uintptr_t handle) {
    int word = engine->type == FLBGO_TYPE_INPUT ? 1 : 0;
    if (word == 0 || engine->context[word] == NULL) {
        engine->context[word] = (void *)handle;
    }
    engine->context = NULL; // not to be touched again: it is the engine's
}

// The functions are the only way to an instance's name; NULL without them.
const char *flbgo_name(struct flbgo_engine *engine) {
    const char *(*name)(void *);
    *(void **)&name = flbgo_symbol(engine->type == FLBGO_TYPE_INPUT ? "flb_input_name" : "flb_output_name");
    return name == NULL ? NULL : name(engine->ins);
}

const char *flbgo_property(struct flbgo_engine *engine, const char *name) {
    return engine->get_property(name, engine->ins);
}

int flbgo_log_check(struct flbgo_engine *engine, int level) { return engine->log_check(engine->ins, level); }

// Before the first Init there is no struct flb_api.
void flbgo_log_early(int level, const char *line) {
    void (*print)(int, const char *, int, const char *, ...);
    *(void **)&print = flbgo_symbol("flb_log_print");
    if (print == NULL) {
        fprintf(stderr, "%s\n", line);
        return;
    }
    print(level, NULL, 0, "%s", line);
}

typedef int append_func(void *ins, const char *tag, size_t tag_len, const void *events, size_t len);

static append_func *find_append(void) {
    static _Atomic(append_func *) found;
    append_func *f = atomic_load(&found);
    if (f == NULL) {
        *(void **)&f = flbgo_symbol("flb_input_log_append");
        atomic_store(&found, f);
    }
    return f;
}

int flbgo_can_append(void) { return find_append() != NULL; }

int flbgo_append(struct flbgo_engine *engine, const char *tag, size_t tag_len, const void *events, size_t len) {
    return find_append()(engine->ins, tag_len == 0 ? NULL : tag, tag_len, events, len);
}

// A number for the calling thread that no other thread ever has.
uint64_t flbgo_thread(void) {
    static _Atomic uint64_t last;
    static _Thread_local uint64_t own;
    if (own == 0) {
        own = ++last;
    }
    return own;
}
