/* Runs a function on a stack of its own, as the engine runs flush callbacks. */
#ifndef CHOST_COROUTINE_H
#define CHOST_COROUTINE_H

#include <stdbool.h>
#include <stddef.h>

/* Runs fn(arg) on a fresh stack of exactly `size` bytes above a guard page. false: no memory. */
bool coroutine_run(size_t size, void (*fn)(void *), void *arg);

#endif
