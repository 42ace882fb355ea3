/* An output with metrics. BUG selects what it does with them when it must not. */
#include "plugin.h"

#define IS(name) (strcmp(BUG, name) == 0)

typedef void *create_func(void *, char *, char *, char *, char *, int, char **);
typedef void *histogram_func(void *, char *, char *, char *, char *, void *, int, char **);
typedef void *buckets_func(double *, size_t);
typedef int set_func(void *, uint64_t, double, int, char **);
typedef int set_histogram_func(void *, uint64_t, uint64_t *, double, uint64_t, int, char **);
typedef void *get_func(void *);
typedef void *worker_func(void);

static create_func *counter_new, *gauge_new;
static histogram_func *histogram_new;
static buckets_func *buckets_new;
static set_func *counter_set, *gauge_set;
static set_histogram_func *histogram_set;
static get_func *cmt_of;
static worker_func *worker;

static struct api api;
static void *cmt, *counter, *gauge;

#define LOG(...) api.log_print(3, NULL, 0, __VA_ARGS__)

static int find(const char *name, void *f)
{
    *(void **) f = dlsym(RTLD_DEFAULT, name);
    return *(void **) f != NULL;
}

static int find_all(void)
{
    return find("cmt_counter_create", &counter_new) + find("cmt_gauge_create", &gauge_new)
           + find("cmt_histogram_create", &histogram_new)
           + find("cmt_histogram_buckets_create_size", &buckets_new)
           + find("cmt_counter_set", &counter_set) + find("cmt_gauge_set", &gauge_set)
           + find("cmt_histogram_set_default", &histogram_set)
           + find("flb_output_get_cmt_instance", &cmt_of) + find("flb_worker_get", &worker);
}

int FLBPluginRegister(struct def *def)
{
    return register_as(def, 2, "metrics");
}

static void create_counter(void)
{
    char name[] = "requests_total", help[] = "Requests", code[] = "code", host[] = "host";
    char *labels[] = {code, host};

    counter = counter_new(cmt, "fluentbit", "plugin", name, help, 2, labels);
    name[0] = help[0] = code[0] = host[0] = '?'; /* all was copied */
}

static void set_counter(void)
{
    char *ok[] = {"200", NULL}, *bad[] = {"500", "a"}, *one[] = {"x"};

    LOG("rise %d", counter_set(counter, 1, 3, 2, ok));
    LOG("fall %d", counter_set(counter, 1, 2, 2, ok));
    LOG("other %d", counter_set(counter, 1, 1, 2, bad));
    LOG("too few labels %d", counter_set(counter, 1, 9, 1, one));
    LOG("no labels %d", counter_set(counter, 1, 7, 0, NULL));
}

static void set_gauge(void)
{
    static char text[10001]; /* longer than any buffer */
    char *labels[] = {text};
    char *label_names[] = {"text"};

    memset(text, 'x', sizeof(text) - 1);
    gauge = gauge_new(cmt, "", "", "depth", "Depth", 1, label_names);
    LOG("gauge %d", gauge_set(gauge, 1, -2.5, 1, labels));
    LOG("gauge falls %d", gauge_set(gauge, 1, -3, 1, labels));
}

static void set_histogram(void)
{
    double bounds[] = {0.1, 1};
    uint64_t counts[] = {2, 3, 4};
    void *h = histogram_new(cmt, "a", "b_", "c", "d", buckets_new(bounds, 2), 0, NULL);

    bounds[0] = 0;
    LOG("histogram %d", histogram_set(h, 1, counts, 5.65, 4, 0, NULL));
}

static void refused(void)
{
    double down[] = {1, 0.1};

    LOG("made %d %d %d %d %d %d %d", counter_new(cmt, NULL, "", "c", "h", 0, NULL) != NULL,
        counter_new(cmt, "", NULL, "c", "h", 0, NULL) != NULL,
        counter_new(cmt, "", "", "", "h", 0, NULL) != NULL,
        gauge_new(cmt, "", "", "c", "", 0, NULL) != NULL,
        gauge_new(cmt, "", "", "c", "h", -1, NULL) != NULL,
        histogram_new(cmt, "", "", "c", "h", buckets_new(down, 2), 0, NULL) != NULL,
        buckets_new(down, 0) != NULL);
}

static void *foreign(void *arg)
{
    LOG("foreign: worker %d", worker() != NULL);
    return arg;
}

static void threads(void)
{
    pthread_t t;

    LOG("own: worker %d", worker() != NULL);
    pthread_create(&t, NULL, foreign, NULL);
    pthread_join(t, NULL);
}

int FLBPluginInit(struct plugin *p)
{
    int found = find_all();

    api = *p->api;
    cmt = api.output_cmt(p->ins);
    LOG("found %d", found);
    if (found < 9) {
        return 1;
    }
    LOG("same cmt %d", cmt_of(p->ins) == cmt);
    create_counter();
    set_counter();
    set_gauge();
    set_histogram();
    refused();
    threads();
    return 1;
}

int FLBPluginFlushCtx(void *ctx, const void *data, size_t len, char *tag)
{
    char *labels[] = {NULL, NULL};

    LOG("flush: worker %d", worker() != NULL);
    if (IS("wrong kind")) {
        LOG("wrong kind %d", gauge_set(counter, 1, 1, 2, labels));
    }
    if (IS("no metric")) {
        LOG("no metric %d", gauge_set(labels, 1, 1, 1, labels));
    }
    return 1;
}

void FLBPluginUnregister(struct def *def)
{
    char *labels[] = {NULL, NULL};

    if (IS("late set")) {
        LOG("late set %d", counter_set(counter, 1, 100, 2, labels));
    }
    if (IS("late create")) {
        LOG("late create %d", gauge_new(cmt, "a", "b", "c", "d", 0, NULL) != NULL);
    }
}
