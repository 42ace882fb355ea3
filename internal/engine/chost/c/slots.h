/*
 * Slots: what every thread is doing, in a file that the driver reads after the
 * host has died. Keep the layout in step with slots.go.
 */
#ifndef CHOST_SLOTS_H
#define CHOST_SLOTS_H

#include <stdbool.h>
#include <stddef.h>

/* Maps the slots and installs the handler that records fatal signals. */
void slots_open(void);
/* Installs it again as the engine does on SIGHUP: with signal, so without SA_ONSTACK. */
void slots_rearm(void);
/* Gives the calling thread a slot and its name; slots_leave gives it back. */
void slots_enter(const char *thread);
void slots_leave(void);
/* Not NULL exactly on threads that entered and have not left. */
const void *slots_thread(void);

/* The calling thread is in `call`, a string constant, on behalf of a plugin file. */
void slots_call(const char *call, const char *plugin, const char *instance);
void slots_return(void);
/* What the calling thread does now, "" outside of a call. */
const char *slots_current(void);

/* Regions that explain the address of a fatal signal on the calling thread. */
enum region { REGION_CHUNK, REGION_AFTER_CHUNK, REGION_BELOW_STACK, REGIONS };
void slots_region(enum region r, const void *start, size_t len);
/* An unmapped chunk, for all threads, until it is given back. */
void slots_stale_chunk(size_t index, const void *start, size_t len);
enum { STALE_CHUNKS = 64 };

#endif
