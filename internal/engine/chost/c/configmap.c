/* configmap.c: the list of properties that a plugin may register since 5.1.1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host.h"

static const struct config_map *at(const void *map, size_t n)
{
    return (const void *) ((const char *) map + n * host_generation()->map_stride);
}

/* flb_config_map_property_check: these are the engine's own. */
static bool always_allowed(const char *key)
{
    return strcasecmp(key, "active") == 0 || strcasecmp(key, "condition") == 0;
}

static const struct config_map *find(const void *map, const char *key)
{
    for (size_t n = 0; at(map, n)->name != NULL; n++) {
        if (strcasecmp(at(map, n)->name, key) == 0) {
            return at(map, n);
        }
    }
    return NULL;
}

static int times_set(const struct instance *i, const char *key)
{
    int n = 0;

    for (const struct property *p = i->properties; p != NULL; p = p->next) {
        n += strcasecmp(p->key, key) == 0;
    }
    return n;
}

static void list_names(const void *map, char *text, size_t size)
{
    size_t len = 0;

    text[0] = '\0';
    for (size_t n = 0; at(map, n)->name != NULL && len < size; n++) {
        const char *before = n == 0 ? "" : at(map, n + 1)->name == NULL ? ", and " : ", ";

        len += (size_t) snprintf(text + len, size - len, "%s%s", before, at(map, n)->name);
    }
}

static bool allowed(const struct instance *i, const void *map, const char *key)
{
    char names[2048];

    if (always_allowed(key)) {
        return true;
    }
    const struct config_map *m = find(map, key);
    if (m == NULL) {
        list_names(map, names, sizeof(names));
        host_log(LOG_ERROR, "[config] %s: unknown configuration property '%s'. The following properties are allowed: %s.",
                 (char *) block_mem(i->lib->name), key, names);
        return false;
    }
    if ((m->flags & CONFIG_MAP_MULT) == 0 && times_set(i, key) > 1) {
        host_log(LOG_ERROR, "[config] %s: configuration property '%s' is set %d times",
                 (char *) block_mem(i->lib->name), key, times_set(i, key));
        return false;
    }
    return true;
}

bool configmap_allows(const struct instance *i)
{
    const struct proxy_def *def = block_mem(i->lib->def);

    if (host_generation()->def_size < sizeof(*def) || def->config_map == NULL) {
        return true;
    }
    for (const struct property *p = i->properties; p != NULL; p = p->next) {
        if (!allowed(i, def->config_map, p->key)) {
            return false;
        }
    }
    return true;
}

#ifndef CHOST_HIDE_SYMBOLS

/* struct mk_list; a node here is nothing but its link. */
struct link {
    struct link *prev, *next;
};

EXPORT struct link *flb_config_map_create(void *config, const void *map);
EXPORT void flb_config_map_destroy(struct link *list);

struct link *flb_config_map_create(void *config, const void *map)
{
    struct link *list = calloc(1, sizeof(*list));

    (void) config;
    if (list == NULL) {
        return NULL;
    }
    list->prev = list->next = list;
    for (size_t n = 0; at(map, n)->name != NULL; n++) {
        struct link *node = calloc(1, sizeof(*node));

        if (node == NULL) {
            flb_config_map_destroy(list);
            return NULL;
        }
        node->next = list;
        node->prev = list->prev;
        list->prev->next = node;
        list->prev = node;
    }
    return list;
}

void flb_config_map_destroy(struct link *list)
{
    struct link *next;

    for (struct link *node = list->next; node != list; node = next) {
        next = node->next;
        free(node);
    }
    free(list);
}

#endif
