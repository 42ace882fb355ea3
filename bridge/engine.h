// Calls from Go into the engine.
#ifndef FLBGO_ENGINE_H
#define FLBGO_ENGINE_H

#include "abi.h"
#include "log.h"

// The engine as one instance sees it: what FLBPluginInit was given, copied.
struct flbgo_engine {
    int type;
    void *ins;
    void **context;
    const char *(*get_property)(const char *name, void *ins);
    int (*log_check)(void *ins, int level);
    flbgo_print *log_print;
};

// A function that the engine's executable exports, null if it does not.
void *flbgo_symbol(const char *name);

void flbgo_register(void *def, int type, int flags, char *name, char *description);
void flbgo_open(void *plugin, int type, struct flbgo_engine *engine);
void flbgo_set_context(struct flbgo_engine *engine, uintptr_t handle);
const char *flbgo_name(struct flbgo_engine *engine);
const char *flbgo_property(struct flbgo_engine *engine, const char *name);
int flbgo_log_check(struct flbgo_engine *engine, int level);
void flbgo_log_early(int level, const char *line);
int flbgo_can_append(void);
int flbgo_append(struct flbgo_engine *engine, const char *tag, size_t tag_len, const void *events, size_t len);
uint64_t flbgo_thread(void);

#endif
