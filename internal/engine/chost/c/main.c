/*
 * main.c: the host of Fluent Bit Go-proxy plugins. It does with a library what
 * Fluent Bit does, on the same threads, as a Go driver asks on a pipe.
 *
 * usage: chost GENERATION TICK_MICROSECONDS HOT_RELOAD
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "host.h"
#include "slots.h"

static const struct generation generations[] = {
    {"3.2", DEF_SIZE_32, false, API_SIZE_56, sizeof(struct input_plugin_old), false,
     96, STACK_SIZE_OLD},
    {"4.1", DEF_SIZE_32, false, sizeof(struct api), sizeof(struct input_plugin), true,
     96, STACK_SIZE_OLD},
    {"5.0", DEF_SIZE_40, true, sizeof(struct api), sizeof(struct input_plugin), true,
     96, STACK_SIZE_OLD},
    {"5.1.1", sizeof(struct proxy_def), true, sizeof(struct api), sizeof(struct input_plugin), true,
     104, STACK_SIZE_NEW},
};

static const struct generation *generation;
static int64_t tick_ns;
static int hot_reload;
static struct loop *main_loop;
static struct loop *pipeline;

const struct generation *host_generation(void)
{
    return generation;
}

int64_t host_tick_ns(void)
{
    return tick_ns;
}

int host_hot_reload(void)
{
    return hot_reload;
}

size_t host_page_size(void)
{
    return (size_t) sysconf(_SC_PAGESIZE);
}

struct loop *host_pipeline(void)
{
    return pipeline;
}

static void quit(struct job *j)
{
    blocks_check_all();
    fflush(NULL);
    reply_ok(j->frame->id, 0);
    if (instances_alive()) {
        _exit(0); /* their threads run still */
    }
    exit(0);
}

static void dispatch_instance(struct frame *f)
{
    struct instance *i = instance_find(get_u32(f));
    bool input = i != NULL && i->lib->kind == KIND_INPUT;

    if (i == NULL) {
        reply_error(f->id, "instance", 0, "is unknown");
        frame_free(f);
        return;
    }
    switch (f->type) {
    case REQ_INIT:
        loop_post(pipeline, input ? input_init : output_init, f, i);
        break;
    case REQ_START:
        loop_post(i->loop, input ? input_start : output_start, f, i);
        break;
    case REQ_PAUSE:
        loop_post(i->loop, input_pause, f, i);
        break;
    case REQ_RESUME:
        loop_post(i->loop, input_resume, f, i);
        break;
    case REQ_EXIT:
        loop_post(pipeline, input ? input_exit : output_exit, f, i);
        break;
    default:
        output_flush(i, f);
    }
}

static void dispatch(struct frame *f)
{
    switch (f->type) {
    case REQ_LOAD:
        loop_post(main_loop, library_load, f, NULL);
        break;
    case REQ_UNLOAD:
        loop_post(main_loop, library_unload, f, NULL);
        break;
    case REQ_ASK:
        loop_post(main_loop, library_ask, f, NULL);
        break;
    case REQ_NEW:
        loop_post(main_loop, instance_new, f, NULL);
        break;
    case REQ_QUIT:
        loop_post(main_loop, quit, f, NULL);
        break;
    case REQ_ANSWER:
        append_answer(f);
        frame_free(f);
        break;
    case REQ_REARM:
        slots_rearm();
        reply_ok(f->id, 0);
        frame_free(f);
        break;
    default:
        dispatch_instance(f);
    }
}

/* A thread that never runs plugin code: it sees the driver's end at once. */
static void *receive(void *arg)
{
    (void) arg;
    slots_enter("chost-receiver");
    for (;;) {
        dispatch(frame_receive());
    }
    return NULL;
}

static bool parse_args(int argc, char **argv)
{
    if (argc != 4) {
        return false;
    }
    for (size_t i = 0; i < sizeof(generations) / sizeof(generations[0]); i++) {
        if (strcmp(argv[1], generations[i].name) == 0) {
            generation = &generations[i];
        }
    }
    tick_ns = atoll(argv[2]) * 1000;
    hot_reload = atoi(argv[3]);
    return generation != NULL && tick_ns > 0;
}

int main(int argc, char **argv)
{
    struct rlimit no_core = {0, 0};
    pthread_t receiver;

    if (!parse_args(argc, argv)) {
        fprintf(stderr, "usage: chost GENERATION TICK_MICROSECONDS HOT_RELOAD\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    setrlimit(RLIMIT_CORE, &no_core);
    setvbuf(stdout, NULL, _IOLBF, 0);
    slots_open();
    main_loop = loop_new("fluent-bit");
    pipeline = loop_new("flb-pipeline");
    if (!loop_start(pipeline) || pthread_create(&receiver, NULL, receive, NULL) != 0) {
        perror("chost: thread");
        return 2;
    }
    loop_run(main_loop);
    return 0;
}
