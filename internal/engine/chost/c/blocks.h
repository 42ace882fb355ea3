/*
 * Tracked blocks: memory that the engine would malloc and show to a plugin.
 * Each lies between red zones on a page of its own, between two pages that
 * cannot be touched. Freed blocks keep their page and are watched until many more
 * were freed.
 */
#ifndef CHOST_BLOCKS_H
#define CHOST_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct library;
struct block;

enum { ZONE_BYTE = 0xFB, GARBAGE_BYTE = 0xA5 };

enum fault_kind {
    FAULT_PAST_END = 1,
    FAULT_BEFORE_START,
    FAULT_AFTER_FREE,
    FAULT_ENGINE_FIELD,
    FAULT_DEAD_INSTANCE,
    FAULT_DEAD_METRICS,
};

/* A zeroed (calloc) or garbage-filled (malloc) block that the plugin may write. */
struct block *block_new(struct library *owner, size_t size, bool zeroed, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* A copy of a string. The plugin may not write it. */
struct block *block_str(struct library *owner, const char *s, size_t len, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

void *block_mem(const struct block *b);

/* The engine writes; never write a shared block in any other way. */
void block_write(struct block *b, size_t off, const void *from, size_t len);
/* From now on the plugin may write only [off, off+len). */
void block_protect(struct block *b, size_t off, size_t len);
/* Fills the block with GARBAGE_BYTE and watches it from then on. NULL is allowed. */
void block_free(struct block *b);
/* As block_free, for blocks of which there are many: not watched for as long. */
void block_retire(struct block *b);

/* Checks the blocks of a library after `call` (a string constant) and reports faults. */
void blocks_check(struct library *owner, const char *call);
/* Checks all blocks at the end of the process. */
void blocks_check_all(void);

/* The exact size of the live block at p, or false. */
bool block_size_at(const void *p, size_t *size);

void fault_report(enum fault_kind kind, const char *plugin, const char *call, const char *what,
                  size_t size, ptrdiff_t offset, size_t bytes);

#endif
