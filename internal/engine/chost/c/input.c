/* input.c: collectors, and the callbacks of inputs on their own thread. */
#include <stdio.h>
#include <stdlib.h>

#include "host.h"
#include "slots.h"

static bool expect_ready(struct job *j, const char *step)
{
    if (j->ins->state != STATE_READY) {
        reply_error(j->frame->id, step, 0, "the instance is not initialised or has exited");
        return false;
    }
    return true;
}

static void init_here(struct job *j)
{
    struct instance *i = j->ins;
    int code;

    if (!instance_init(i, j->frame->id, &code)) {
        return;
    }
    i->data = block_new(i->lib, sizeof(void *), true, "data parameter");
    i->len = block_new(i->lib, sizeof(size_t), true, "size parameter");
    loop_add_collector(i->loop, &i->collector);
    reply_ok(j->frame->id, code);
}

static struct frame *take_frame(struct job *j)
{
    struct frame *f = j->frame;

    j->frame = NULL;
    return f;
}

/* flb_input_thread.c: Init runs on the thread that later collects. */
void input_init(struct job *j)
{
    struct instance *i = j->ins;
    char name[128];

    if (i->state != STATE_NEW) {
        reply_error(j->frame->id, "FLBPluginInit", 0, "the instance was initialised before");
        return;
    }
    if (!i->threaded) {
        init_here(j);
        return;
    }
    snprintf(name, sizeof(name), "flb-in-%s-w0", i->label);
    i->loop = loop_new(name);
    if (!loop_start(i->loop)) {
        reply_error(j->frame->id, "FLBPluginInit", 0, "could not start a thread");
        return;
    }
    loop_post(i->loop, init_here, take_frame(j), i);
}

void input_start(struct job *j)
{
    struct instance *i = j->ins;

    if (!expect_ready(j, "FLBPluginInputPreRun")) {
        return;
    }
    if (i->lib->collect == NULL && i->lib->collect_ctx == NULL) {
        reply_error(j->frame->id, "FLBPluginInputCallback", 0, "is not exported");
        return;
    }
    collector_start(i->loop, &i->collector);
    instance_call_int(i, "FLBPluginInputPreRun", host_hot_reload());
    reply_ok(j->frame->id, 0);
}

/*
 * flb_plugin_proxy.c passes proxy->instance to flb_input_collector_pause and
 * _resume: the timer that stops is that of the instance initialised last.
 */
void input_pause(struct job *j)
{
    struct instance *i = j->ins, *last = i->lib->last;

    if (!expect_ready(j, "FLBPluginInputPause")) {
        return;
    }
    instance_call_void(i, "FLBPluginInputPause");
    collector_stop(last->loop, &last->collector);
    reply_ok(j->frame->id, 0);
}

void input_resume(struct job *j)
{
    struct instance *i = j->ins, *last = i->lib->last;

    if (!expect_ready(j, "FLBPluginInputResume")) {
        return;
    }
    instance_call_void(i, "FLBPluginInputResume");
    if (last->state == STATE_READY && !collector_start(last->loop, &last->collector)) {
        host_log(LOG_ERROR, "[input] cannot resume collector %s:0, already running", last->label);
    }
    reply_ok(j->frame->id, 0);
}

static void exit_here(struct job *j)
{
    struct instance *i = j->ins;

    collector_stop(i->loop, &i->collector);
    loop_remove_collector(i->loop, &i->collector);
    if (i->state == STATE_READY) {
        i->state = STATE_EXITED;
        instance_call_int(i, "FLBPluginInputPreExit", (int) get_u32(j->frame));
        instance_call_exit(i);
    }
}

/* EXIT: 1 when the shutdown is part of a hot reload. The pipeline joins the thread. */
void input_exit(struct job *j)
{
    struct instance *i = j->ins;
    uint32_t id = j->frame->id;

    if (i->state == STATE_EXITED) {
        reply_error(id, "FLBPluginExit", 0, "the instance has exited");
        return;
    }
    if (i->loop == host_pipeline()) {
        exit_here(j);
    }
    else {
        loop_post(i->loop, exit_here, take_frame(j), i);
        loop_join(i->loop);
    }
    instance_destroy(i);
    reply_ok(id, 0);
}

static int call_collect(struct instance *i)
{
    struct library *l = i->lib;
    const char *call = l->collect_ctx ? "FLBPluginInputCallbackCtx" : "FLBPluginInputCallback";
    int ret;

    call_begin(l, i, call);
    if (l->collect_ctx != NULL) {
        ret = l->collect_ctx(instance_context(i), block_mem(i->data), block_mem(i->len));
    }
    else {
        ret = l->collect(block_mem(i->data), block_mem(i->len));
    }
    call_end(l, call);
    return ret;
}

static int call_cleanup(struct instance *i, void *data)
{
    struct library *l = i->lib;
    const char *call = l->cleanup_ctx != NULL ? "FLBPluginInputCleanupCallbackCtx"
                                              : "FLBPluginInputCleanupCallback";
    int ret;

    if (l->cleanup_ctx == NULL && l->cleanup == NULL) {
        free(data);
        return 0;
    }
    call_begin(l, i, call);
    ret = l->cleanup_ctx != NULL ? l->cleanup_ctx(instance_context(i), data) : l->cleanup(data);
    call_end(l, call);
    return ret;
}

/* flb_plugin_proxy.c, flb_proxy_input_cb_collect: the append's result is ignored. */
void input_collect(struct instance *i)
{
    void *data = NULL;
    size_t len = 0;
    int ret;

    block_write(i->data, 0, &data, sizeof(data));
    block_write(i->len, 0, &len, sizeof(len));
    ret = call_collect(i);
    data = *(void **) block_mem(i->data);
    len = *(size_t *) block_mem(i->len);
    if (len == 0) {
        return;
    }
    if (ret == -1) {
        host_log(LOG_ERROR, "[input:%s] collect returned -1 with %zu bytes, which are dropped",
                 i->label, len);
        return;
    }
    slots_call("the copy of what FLBPluginInputCallback returned", library_file(i->lib), i->label);
    append(i, NULL, 0, data, len);
    slots_return();
    if (call_cleanup(i, data) == -1) {
        host_log(LOG_ERROR, "[input:%s] cleanup returned -1", i->label);
    }
}
