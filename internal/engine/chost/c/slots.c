/* slots.c: the shared file, and the handler of fatal signals. */
#include "slots.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "frames.h"

enum { SLOTS = 255, THREAD_NAME = 16 };

enum where {
    WHERE_UNKNOWN,
    WHERE_CHUNK,        /* the chunk is read-only */
    WHERE_AFTER_CHUNK,  /* the page behind the chunk */
    WHERE_BELOW_STACK,  /* the page below the coroutine's stack */
    WHERE_STALE_CHUNK,  /* a chunk whose flush has returned */
};

struct slot {
    _Atomic uint32_t used;
    _Atomic uint32_t in_call;
    char thread[THREAD_NAME];
    char call[48];
    char plugin[120];
    char instance[64];
};

struct crash {
    _Atomic uint32_t signal;
    uint32_t slot; /* index, SLOTS for a thread without */
    uint64_t address;
    uint32_t where;
    uint8_t pad[236];
};

struct shared {
    struct crash crash;
    struct slot slots[SLOTS];
};

_Static_assert(sizeof(struct slot) == 256, "slots.go reads 256 bytes a slot");
_Static_assert(sizeof(struct crash) == 256, "slots.go reads 256 bytes of crash");

struct range {
    uintptr_t start;
    size_t len;
};

static struct shared *shared;
static _Thread_local struct slot *mine;
static _Thread_local bool entered;
static _Thread_local const char *current = "";
static _Thread_local struct range regions[REGIONS];
static struct range stale[STALE_CHUNKS];

static bool inside(const struct range *r, uintptr_t p)
{
    return p - r->start < r->len;
}

static enum where where_is(uintptr_t p)
{
    for (int i = 0; i < REGIONS; i++) {
        if (inside(&regions[i], p)) {
            return (enum where) (WHERE_CHUNK + i);
        }
    }
    for (int i = 0; i < STALE_CHUNKS; i++) {
        if (inside(&stale[i], p)) {
            return WHERE_STALE_CHUNK;
        }
    }
    return WHERE_UNKNOWN;
}

/* Records the first fatal signal, then lets it do what it does by default. */
static void on_fatal(int sig, siginfo_t *info, void *context)
{
    uint32_t none = 0;

    (void) context;
    if (atomic_compare_exchange_strong(&shared->crash.signal, &none, (uint32_t) sig)) {
        shared->crash.slot = mine != NULL ? (uint32_t) (mine - shared->slots) : SLOTS;
        shared->crash.address = (uint64_t) (uintptr_t) info->si_addr;
        shared->crash.where = info->si_code > 0 ? where_is((uintptr_t) info->si_addr) : 0;
    }
    signal(sig, SIG_DFL);
    if (info->si_code <= 0) {
        raise(sig); /* sent, not caused: it would not come again by itself */
    }
}

static void catch_fatal(void)
{
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    struct sigaction sa = {.sa_sigaction = on_fatal, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    sigemptyset(&sa.sa_mask);
    for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++) {
        sigaction(fatal[i], &sa, NULL);
    }
}

static void on_signal(int sig)
{
    siginfo_t none = {.si_code = 1};

    on_fatal(sig, &none, NULL);
}

/* flb_signal_init of fluent-bit.c, for the signals that matter here. */
void slots_rearm(void)
{
    signal(SIGSEGV, on_signal);
    signal(SIGFPE, on_signal);
}

void slots_open(void)
{
    if (ftruncate(FD_SLOTS, sizeof(*shared)) != 0) {
        die("slots file");
    }
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, FD_SLOTS, 0);
    if (shared == MAP_FAILED) {
        die("out of memory");
    }
    close(FD_SLOTS);
    catch_fatal();
}

void slots_enter(const char *thread)
{
    char name[THREAD_NAME];

    /* The kernel keeps 15 characters; the engine's longer names are cut too. */
    memset(name, 0, sizeof(name));
    memcpy(name, thread, strnlen(thread, THREAD_NAME - 1));
    pthread_setname_np(pthread_self(), name);
    entered = true;
    for (int i = 0; i < SLOTS && mine == NULL; i++) {
        uint32_t unused = 0;

        if (atomic_compare_exchange_strong(&shared->slots[i].used, &unused, 1)) {
            mine = &shared->slots[i];
            memcpy(mine->thread, name, sizeof(name));
        }
    }
}

void slots_leave(void)
{
    entered = false;
    if (mine != NULL) {
        atomic_store(&mine->in_call, 0);
        atomic_store(&mine->used, 0);
        mine = NULL;
    }
}

const void *slots_thread(void)
{
    return entered ? &entered : NULL;
}

void slots_call(const char *call, const char *plugin, const char *instance)
{
    current = call;
    if (mine == NULL) {
        return;
    }
    snprintf(mine->call, sizeof(mine->call), "%s", call);
    snprintf(mine->plugin, sizeof(mine->plugin), "%s", plugin);
    snprintf(mine->instance, sizeof(mine->instance), "%s", instance);
    atomic_store(&mine->in_call, 1);
}

void slots_return(void)
{
    current = "";
    if (mine != NULL) {
        atomic_store(&mine->in_call, 0);
    }
}

const char *slots_current(void)
{
    return current;
}

void slots_region(enum region r, const void *start, size_t len)
{
    regions[r] = (struct range) {(uintptr_t) start, len};
}

void slots_stale_chunk(size_t index, const void *start, size_t len)
{
    stale[index] = (struct range) {(uintptr_t) start, len};
}
