/* api.c: the engine's functions, as struct flb_api and as exported symbols. */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "host.h"
#include "slots.h"

/* flb_log.c: a line's message is cut to about this. */
enum { LOG_MAX = 4050 };

static const char *get_property(const char *key, void *ins, const char *function)
{
    const struct instance *i = instance_of(ins, function);

    if (i == NULL) {
        return NULL;
    }
    for (const struct property *p = i->properties; p != NULL; p = p->next) {
        if (strcasecmp(p->key, key) == 0) {
            return p->value != NULL ? block_mem(p->value) : NULL;
        }
    }
    return NULL;
}

static const char *input_get_property(const char *key, void *ins)
{
    return get_property(key, ins, "input_get_property");
}

static const char *output_get_property(const char *key, void *ins)
{
    return get_property(key, ins, "output_get_property");
}

static const char *custom_get_property(const char *key, void *ins)
{
    return get_property(key, ins, "custom_get_property");
}

static void *get_cmt(void *ins, const char *function)
{
    const struct instance *i = instance_of(ins, function);

    return i != NULL ? block_mem(i->cmt) : NULL;
}

static void *input_get_cmt(void *ins)
{
    return get_cmt(ins, "input_get_cmt_instance");
}

static void *output_get_cmt(void *ins)
{
    return get_cmt(ins, "output_get_cmt_instance");
}

static int log_check(void *ins, int level, const char *function)
{
    const struct instance *i = instance_of(ins, function);

    return i != NULL && i->log_level >= level;
}

static int input_log_check(void *ins, int level)
{
    return log_check(ins, level, "input_log_check");
}

static int output_log_check(void *ins, int level)
{
    return log_check(ins, level, "output_log_check");
}

static int custom_log_check(void *ins, int level)
{
    return log_check(ins, level, "custom_log_check");
}

static const char *level_name(int type)
{
    static const char *const names[] = {"help", "error", "warn", "info", "debug", "trace"};

    return type >= 0 && type <= LOG_TRACE ? names[type] : "unknown";
}

/* flb_log.c: what a thread without a worker prints does not reach the log. */
static void log_print_v(int type, const char *fmt, va_list ap)
{
    char text[LOG_MAX + 1];
    struct out o;

    vsnprintf(text, sizeof(text), fmt, ap);
    if (slots_thread() == NULL) {
        fprintf(stderr, "[%5s] %s\n", level_name(type), text);
        return;
    }
    out_init(&o, REP_LOG, 0);
    out_u32(&o, (uint32_t) type);
    out_str(&o, text);
    out_send(&o, NULL, 0);
}

/* As the engine's, it needs some 11 KB of the caller's stack. */
static void log_print(int type, const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    (void) file;
    (void) line;
    va_start(ap, fmt);
    log_print_v(type, fmt, ap);
    va_end(ap);
}

void api_fill(struct api *api, size_t size)
{
    const struct api all = {
        .output_get_property = output_get_property,
        .input_get_property = input_get_property,
        .output_get_cmt_instance = output_get_cmt,
        .input_get_cmt_instance = input_get_cmt,
        .log_print = log_print,
        .input_log_check = input_log_check,
        .output_log_check = output_log_check,
        .custom_get_property = custom_get_property,
        .custom_log_check = custom_log_check,
    };

    memcpy(api, &all, size);
}

#ifndef CHOST_HIDE_SYMBOLS

EXPORT void flb_log_print(int type, const char *file, int line, const char *fmt, ...);
EXPORT const char *flb_input_name(void *ins);
EXPORT const char *flb_output_name(void *ins);
EXPORT const void *flb_worker_get(void);
EXPORT void *flb_input_get_cmt_instance(void *ins);
EXPORT void *flb_output_get_cmt_instance(void *ins);
EXPORT int flb_input_log_append(void *ins, const char *tag, size_t tag_len, const void *buf,
                                size_t size);
EXPORT size_t malloc_usable_size(void *p);
EXPORT int mallctl(const char *name, void *old, size_t *old_len, void *new, size_t new_len);

void flb_log_print(int type, const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    (void) file;
    (void) line;
    va_start(ap, fmt);
    log_print_v(type, fmt, ap);
    va_end(ap);
}

static const char *name_of(void *ins, const char *function)
{
    const struct instance *i = instance_of(ins, function);

    return i != NULL ? block_mem(i->name) : NULL;
}

const char *flb_input_name(void *ins)
{
    return name_of(ins, "flb_input_name");
}

const char *flb_output_name(void *ins)
{
    return name_of(ins, "flb_output_name");
}

int flb_input_log_append(void *ins, const char *tag, size_t tag_len, const void *buf, size_t size)
{
    struct instance *i = instance_of(ins, "flb_input_log_append");

    return i != NULL ? append(i, tag, tag_len, buf, size) : -1;
}

const void *flb_worker_get(void)
{
    return slots_thread();
}

void *flb_input_get_cmt_instance(void *ins)
{
    return get_cmt(ins, "flb_input_get_cmt_instance");
}

void *flb_output_get_cmt_instance(void *ins)
{
    return get_cmt(ins, "flb_output_get_cmt_instance");
}

/* jemalloc with 8-byte size classes, as official builds have it, answers exactly. */
size_t malloc_usable_size(void *p)
{
    static size_t (*libc)(void *);
    size_t size;

    if (p != NULL && block_size_at(p, &size)) {
        return size;
    }
    if (libc == NULL) {
        *(void **) &libc = dlsym(RTLD_NEXT, "malloc_usable_size");
    }
    return libc != NULL ? libc(p) : 0;
}

/* Its presence tells a plugin that the allocator is jemalloc. */
int mallctl(const char *name, void *old, size_t *old_len, void *new, size_t new_len)
{
    (void) name;
    (void) old;
    (void) old_len;
    (void) new;
    (void) new_len;
    return ENOENT;
}

#endif
