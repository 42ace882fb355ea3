//go:build cgo

#define _XOPEN_SOURCE 700 // SA_ONSTACK

#include "signals.h"

// On SIGHUP and SIGCONT the engine installs its handlers anew, with signal (fluent-bit.c, flb_signal_handler): its own for
// SIGSEGV and SIGFPE, where Go's would have made panics of faults, and all of them without SA_ONSTACK, so that they
// run on the small stack of whatever goroutine they interrupt. Every entry into this library puts that right.

#ifdef _WIN32

void flbgo_mend_signals(void) {}

#else

#include <pthread.h>
#include <signal.h>
#include <stddef.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE};
static const int others[] = {SIGHUP, SIGCONT, SIGINT, SIGQUIT, SIGTERM};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

// What a runtime of Go's was last seen to have installed: this library's or that of one loaded later, which passes on
// what is not its own. A runtime always asks for SA_ONSTACK.
static struct sigaction go_handlers[COUNT(faults)];

static void mend_fault(int sig, struct sigaction *go_handler) {
    struct sigaction now;
    if (sigaction(sig, NULL, &now) != 0) {
        return;
    }
    if (now.sa_flags & SA_ONSTACK) {
        *go_handler = now;
    } else if (go_handler->sa_flags & SA_ONSTACK) {
        sigaction(sig, go_handler, NULL);
    }
}

static void mend_stack(int sig) {
    struct sigaction now;
    if (sigaction(sig, NULL, &now) != 0 || now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN) {
        return;
    }
    if (!(now.sa_flags & SA_ONSTACK)) {
        now.sa_flags |= SA_ONSTACK;
        sigaction(sig, &now, NULL);
    }
}

// The engine installs all of them at once, so that one tells of all.
static int mended(void) {
    struct sigaction now;
    return go_handlers[0].sa_flags & SA_ONSTACK && sigaction(faults[0], NULL, &now) == 0 &&
           now.sa_flags & SA_ONSTACK && now.sa_sigaction == go_handlers[0].sa_sigaction;
}

void flbgo_mend_signals(void) {
    pthread_mutex_lock(&lock);
    if (mended()) {
        pthread_mutex_unlock(&lock);
        return;
    }
    for (size_t i = 0; i < COUNT(faults); i++) {
        mend_fault(faults[i], &go_handlers[i]);
    }
    for (size_t i = 0; i < COUNT(others); i++) {
        mend_stack(others[i]);
    }
    pthread_mutex_unlock(&lock);
}

#endif
