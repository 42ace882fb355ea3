/* coroutine.c: a new stack for every flush, as flb_output_flush_create makes. */
#include "coroutine.h"

#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "host.h"
#include "slots.h"

/* Larger than any frame, so that none steps over it. */
enum { GUARD = 1 << 20 };

#ifdef __SANITIZE_ADDRESS__
#include <dlfcn.h>
#include <sanitizer/common_interface_defs.h>

/* libc's own: AddressSanitizer's warns that it is not told of switches, which it is. */
static int swap(ucontext_t *from, const ucontext_t *to)
{
    int (*libc)(ucontext_t *, const ucontext_t *);

    *(void **) &libc = dlsym(dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD), "swapcontext");
    return libc(from, to);
}
#else
#define swap swapcontext

static void __sanitizer_start_switch_fiber(void **fake, const void *stack, size_t size)
{
    (void) fake;
    (void) stack;
    (void) size;
}

static void __sanitizer_finish_switch_fiber(void *fake, const void **stack, size_t *size)
{
    (void) fake;
    (void) stack;
    (void) size;
}
#endif

struct coroutine {
    ucontext_t caller;
    ucontext_t callee;
    void (*fn)(void *);
    void *arg;
    const void *caller_stack; /* as AddressSanitizer wants to be told at every switch */
    size_t caller_size;
};

/* makecontext passes ints only. */
static _Thread_local struct coroutine *starting;

static void entry(void)
{
    struct coroutine *c = starting;

    __sanitizer_finish_switch_fiber(NULL, &c->caller_stack, &c->caller_size);
    c->fn(c->arg);
    __sanitizer_start_switch_fiber(NULL, c->caller_stack, c->caller_size);
}

static void switch_to(struct coroutine *c, uint8_t *stack, size_t size)
{
    void *fake = NULL;

    getcontext(&c->callee);
    c->callee.uc_stack.ss_sp = stack;
    c->callee.uc_stack.ss_size = size;
    c->callee.uc_link = &c->caller;
    makecontext(&c->callee, entry, 0);
    starting = c;
    __sanitizer_start_switch_fiber(&fake, stack, size);
    swap(&c->caller, &c->callee);
    __sanitizer_finish_switch_fiber(fake, NULL, NULL);
}

bool coroutine_run(size_t size, void (*fn)(void *), void *arg)
{
    struct coroutine c = {.fn = fn, .arg = arg};
    size_t page = host_page_size(), mapped = (size + page - 1) / page * page;
    uint8_t *base = mmap(NULL, GUARD + mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (base == MAP_FAILED) {
        return false;
    }
    if (mprotect(base + GUARD, mapped, PROT_READ | PROT_WRITE) != 0) {
        munmap(base, GUARD + mapped);
        return false;
    }
    slots_region(REGION_BELOW_STACK, base, GUARD);
    switch_to(&c, base + GUARD, size);
    slots_region(REGION_BELOW_STACK, NULL, 0);
    munmap(base, GUARD + mapped);
    return true;
}
