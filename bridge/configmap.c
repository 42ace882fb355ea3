//go:build cgo

#include "configmap.h"

#include <stdlib.h>

#include "abi.h"
#include "engine.h"

// The registration struct of v5.1.1.
struct def_with_properties {
    struct flbgo_def before;
    int event_type;
    struct flbgo_property *properties;
};

_Static_assert(sizeof(void *) != 8 || sizeof(struct def_with_properties) == 48, "struct flb_plugin_proxy_def");

struct flbgo_property *flbgo_properties_new(size_t n) { return calloc(n + 1, sizeof(struct flbgo_property)); }

void flbgo_properties_set(struct flbgo_property *list, size_t i, int type, char *name, char *def_value, char *desc) {
    list[i].type = type;
    list[i].name = name;
    list[i].def_value = def_value;
    list[i].desc = desc;
}

// No symbol tells whether the engine's struct has the field. Its block does: def is the start of one, and the allocator
// never says more than the block has, so that what is written is inside it whatever the release. With jemalloc, which
// official builds use, it says exactly the struct's size; elsewhere an older engine may have room and ignore it.
static int has_field(void *def) {
    size_t (*usable)(void *);
    *(void **)&usable = flbgo_symbol("malloc_usable_size");
    return usable != NULL && usable(def) >= sizeof(struct def_with_properties);
}

// struct mk_list
struct link {
    struct link *prev, *next;
};

// The engine walks the list with the size that it knows. It finds both of two properties if that size is ours, and only
// the first otherwise. Without defaults the configuration is not looked at (flb_config_map.c).
static int same_layout(void) {
    static struct flbgo_property two[4] = {{.name = "a"}, {.name = "b"}}; // room for larger ones to look at
    struct link *(*create)(void *config, struct flbgo_property *list);
    void (*destroy)(struct link *);
    *(void **)&create = flbgo_symbol("flb_config_map_create");
    *(void **)&destroy = flbgo_symbol("flb_config_map_destroy");
    struct link *list = create == NULL || destroy == NULL ? NULL : create(NULL, two);
    if (list == NULL) {
        return 0;
    }
    int n = 0;
    for (struct link *l = list->next; l != list; l = l->next) {
        n++;
    }
    destroy(list);
    return n == 2;
}

int flbgo_properties_give(void *def, struct flbgo_property *list) {
    if (!has_field(def) || !same_layout()) {
        return 0;
    }
    ((struct def_with_properties *)def)->properties = list;
    return 1;
}
