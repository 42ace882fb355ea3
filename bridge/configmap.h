// The engine's list of the properties that a section may have.
#ifndef FLBGO_CONFIGMAP_H
#define FLBGO_CONFIGMAP_H

#include <stddef.h>
#include <stdint.h>

enum {
    FLBGO_MAP_STR = 0,
    FLBGO_MAP_INT = 2,
    FLBGO_MAP_BOOL = 3,
    FLBGO_MAP_DOUBLE = 4,
    FLBGO_MAP_SIZE = 5,
    FLBGO_MAP_TIME = 6,
    FLBGO_MAP_DEPRECATED = 7,
};

// struct flb_config_map since v5.0.3; a list of them ends with one that has no name.
struct flbgo_property {
    int type;
    char *name;
    char *def_value; // null for none
    int flags;
    int set_property;
    uintptr_t offset;
    char *desc;
    char rest[56]; // the engine's
};

_Static_assert(sizeof(void *) != 8 || sizeof(struct flbgo_property) == 104, "struct flb_config_map");
_Static_assert(sizeof(void *) != 8 || offsetof(struct flbgo_property, desc) == 40, "struct flb_config_map");

// Returns room for n properties and the end, zeroed. It is never freed: the engine reads it again for every section.
struct flbgo_property *flbgo_properties_new(size_t n);

// Sets one of them; the strings become its own.
void flbgo_properties_set(struct flbgo_property *list, size_t i, int type, char *name, char *def_value, char *desc);

// Gives the list to an engine whose registration struct has a field for it and whose structs are of this layout.
// Returns whether it was.
int flbgo_properties_give(void *def, struct flbgo_property *list);

#endif
