/* The engine's structs as a plugin sees them, and shorthands for test plugins. */
#ifndef TEST_PLUGIN_H
#define TEST_PLUGIN_H

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct def {
    int type, proxy, flags;
    char *name, *description;
    int event_type;
    void *config_map;
};

struct api {
    const char *(*output_get_property)(const char *, void *);
    const char *(*input_get_property)(const char *, void *);
    void *(*output_cmt)(void *);
    void *(*input_cmt)(void *);
    void (*log_print)(int, const char *, int, const char *, ...);
    int (*input_log_check)(void *, int);
    int (*output_log_check)(void *, int);
};

struct plugin {
    char *name;
    struct api *api;
    void *ins;
    void **context;
};

static inline int register_as(struct def *def, int type, char *name)
{
    def->type = type;
    def->proxy = 11;
    def->flags = 0;
    def->name = name;
    def->description = "a test plugin";
    return 0;
}

static inline const char *thread_name(void)
{
    static __thread char name[16];

    pthread_getname_np(pthread_self(), name, sizeof(name));
    return name;
}

#endif
