/*
 * An input that counts: events {"v": n}, from `from`, `samples` of them, three in a collect, and one more in its first
 * pause. Its gauge has what it counts from. refuse: Init fails. crash: the first collect does. Built with REFUSE 1, it refuses to be registered; with
 * NEW_FIELD 1, it writes a field that older engines do not have.
 */
#include <signal.h>

#include "../chost/testdata/plugin.h"

struct state {
    void *ins;
    int next, left, paused, crash;
};

typedef int append_func(void *, const char *, size_t, const void *, size_t);

static __thread struct state *mine;

int FLBPluginRegister(struct def *def)
{
    if (NEW_FIELD) {
        def->event_type = 1; /* past the end before 4.2.3 */
    }
    return register_as(def, 1, "count") - REFUSE;
}

static int number(struct plugin *p, const char *key)
{
    const char *v = p->api->input_get_property(key, p->ins);

    return v != NULL ? atoi(v) : 0;
}

static void set_gauge(struct plugin *p, double value)
{
    void *(*create)(void *, char *, char *, char *, char *, int, char **);
    int (*set)(void *, uint64_t, double, int, char **);

    *(void **) &create = dlsym(RTLD_DEFAULT, "cmt_gauge_create");
    *(void **) &set = dlsym(RTLD_DEFAULT, "cmt_gauge_set");
    if (create != NULL && set != NULL) {
        set(create(p->api->input_cmt(p->ins), "test", "", "from", "First value", 1, (char *[]) {"name"}), 1, value,
            1, (char *[]) {value < 50 ? "a" : "b"});
    }
}

int FLBPluginInit(struct plugin *p)
{
    mine = calloc(1, sizeof(*mine));
    mine->ins = p->ins;
    mine->next = number(p, "from");
    mine->left = number(p, "samples");
    mine->crash = number(p, "crash");
    set_gauge(p, mine->next);
    if (p->context[1] == NULL) {
        p->context[1] = mine; /* 4.1 and later */
    }
    p->api->log_print(3, NULL, 0, "counting from %d", mine->next);
    return number(p, "refuse") ? 0 : 1;
}

static size_t event(unsigned char *to)
{
    static const unsigned char head[] = {0x92, 0xce, 0x65, 0x53, 0xf1, 0x00, 0x81, 0xa1, 'v'};

    memcpy(to, head, sizeof(head));
    to[sizeof(head)] = (unsigned char) mine->next++;
    return sizeof(head) + 1;
}

static void append(void)
{
    append_func *f = (append_func *) dlsym(RTLD_DEFAULT, "flb_input_log_append");
    unsigned char b[16];

    f(mine->ins, NULL, 0, b, event(b));
}

static int collect(void)
{
    if (mine->crash) {
        raise(SIGSEGV);
    }
    for (int i = 0; i < 3 && mine->left > 0 && !mine->paused; i++, mine->left--) {
        append();
    }
    return 0;
}

int FLBPluginInputCallback(void **data, size_t *len)
{
    return collect();
}

int FLBPluginInputCallbackCtx(void *ctx, void **data, size_t *len)
{
    return collect();
}

void FLBPluginInputPause(void)
{
    if (mine->paused++ == 0) {
        append();
    }
}

void FLBPluginInputResume(void)
{
    mine->paused = 0;
}

int FLBPluginExit(void)
{
    free(mine);
    return 0;
}
