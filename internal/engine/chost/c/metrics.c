/*
 * metrics.c: the engine's functions for metrics (lib/cmetrics), of which it exports these. Every value that is set goes to
 * the driver. To plugins a metric is an address inside of its instance's struct cmt: not to be read, and known for what it
 * was when the instance is gone.
 */
#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "slots.h"

enum { MAX_METRICS = CMT_SIZE - 1 };

/* As package metric numbers them. */
enum metric_kind { METRIC_COUNTER = 1, METRIC_GAUGE, METRIC_HISTOGRAM };

/* Fields of a frame, of any length. */
struct bytes {
    uint8_t *mem;
    size_t len;
};

struct buckets {
    size_t count;
    double bounds[];
};

/* What a counter was set to, by the labels as they go to the driver. */
struct series {
    struct bytes labels;
    double value;
};

struct metric {
    enum metric_kind kind;
    char *name;
    char *help;
    char **labels;
    int label_count;
    struct buckets *buckets;
    void *series; /* a tree of search.h */
};

/* Guards the metrics of all instances: plugins set them on any thread. */
static pthread_mutex_t metrics_mu = PTHREAD_MUTEX_INITIALIZER;

static void *check(void *p)
{
    if (p == NULL) {
        die("out of memory");
    }
    return p;
}

static void add(struct bytes *b, const void *from, size_t len)
{
    b->mem = check(realloc(b->mem, b->len + len + 1));
    memcpy(b->mem + b->len, from, len);
    b->len += len;
}

static void add_number(struct bytes *b, uint64_t v, size_t size)
{
    uint8_t little_endian[8];

    for (size_t i = 0; i < size; i++) {
        little_endian[i] = (uint8_t) (v >> 8 * i);
    }
    add(b, little_endian, size);
}

static void add_u32(struct bytes *b, size_t v)
{
    add_number(b, v, 4);
}

static void add_u64(struct bytes *b, uint64_t v)
{
    add_number(b, v, 8);
}

static void add_double(struct bytes *b, double v)
{
    uint64_t bits;

    memcpy(&bits, &v, sizeof(bits));
    add_u64(b, bits);
}

static void add_str(struct bytes *b, const char *s)
{
    add_u32(b, strlen(s));
    add(b, s, strlen(s));
}

/* cmt_opts.c */
static char *full_name(const char *ns, const char *subsystem, const char *name)
{
    struct bytes b = {NULL, 0};

    add(&b, ns, strlen(ns));
    add(&b, "_", ns[0] != '\0');
    add(&b, subsystem, strlen(subsystem));
    add(&b, "_", subsystem[0] != '\0' && subsystem[strlen(subsystem) - 1] != '_');
    add(&b, name, strlen(name) + 1);
    return (char *) b.mem;
}

static void series_free(void *p)
{
    struct series *s = p;

    free(s->labels.mem);
    free(s);
}

static void metric_free(struct metric *m)
{
    for (int i = 0; i < m->label_count; i++) {
        free(m->labels[i]);
    }
    tdestroy(m->series, series_free);
    free(m->labels);
    free(m->buckets);
    free(m->name);
    free(m->help);
    free(m);
}

void metrics_free(struct instance *i)
{
    pthread_mutex_lock(&metrics_mu);
    for (int n = 0; n < i->metric_count; n++) {
        metric_free(i->metrics[n]);
    }
    free(i->metrics);
    i->metrics = NULL;
    i->metric_count = 0;
    pthread_mutex_unlock(&metrics_mu);
}

static bool buckets_ascend(const struct buckets *b)
{
    for (size_t i = 1; b != NULL && i < b->count; i++) {
        if (b->bounds[i - 1] > b->bounds[i]) {
            return false;
        }
    }
    return true;
}

/* What a metric is created from. */
struct creation {
    enum metric_kind kind;
    const char *ns, *subsystem, *name, *help;
    struct buckets *buckets;
    int label_count;
    char **labels;
};

/* cmt_counter.c, cmt_gauge.c, cmt_histogram.c, cmt_map.c: the same is refused */
static bool creation_ok(const struct creation *c)
{
    return c->ns != NULL && c->subsystem != NULL && c->name != NULL && c->name[0] != '\0'
           && c->help != NULL && c->help[0] != '\0' && c->label_count >= 0
           && buckets_ascend(c->buckets);
}

static struct metric *metric_new(const struct creation *c)
{
    struct metric *m = check(calloc(1, sizeof(*m)));

    m->kind = c->kind;
    m->name = full_name(c->ns, c->subsystem, c->name);
    m->help = check(strdup(c->help));
    m->buckets = c->buckets;
    m->label_count = c->label_count;
    m->labels = check(calloc((size_t) c->label_count + 1, sizeof(char *)));
    for (int i = 0; i < c->label_count; i++) {
        m->labels[i] = check(strdup(c->labels[i]));
    }
    return m;
}

static void *instance_add(struct instance *i, struct metric *m)
{
    size_t size = (size_t) (i->metric_count + 1) * sizeof(*i->metrics);

    i->metrics = check(realloc(i->metrics, size));
    i->metrics[i->metric_count++] = m;
    return (char *) block_mem(i->cmt) + i->metric_count;
}

static void *create(void *cmt, const char *function, const struct creation *c)
{
    struct instance *i;
    void *made = NULL;
    size_t at;

    pthread_mutex_lock(&metrics_mu);
    i = instance_of_metrics(cmt, function, &at);
    if (i != NULL && creation_ok(c) && i->metric_count < MAX_METRICS) {
        made = instance_add(i, metric_new(c));
    }
    pthread_mutex_unlock(&metrics_mu);
    return made;
}

/* The metric of that kind at p; reports a fault and returns NULL if there is none. */
static struct metric *metric_at(const void *p, enum metric_kind kind, const char *function,
                                struct instance **i)
{
    size_t at;

    *i = instance_of_metrics(p, function, &at);
    if (*i == NULL) {
        return NULL;
    }
    if (at == 0 || at > (size_t) (*i)->metric_count || (*i)->metrics[at - 1]->kind != kind) {
        metrics_fault(*i, function);
        return NULL;
    }
    return (*i)->metrics[at - 1];
}

/* What a series is set to. */
struct value {
    double value;
    uint64_t count;
    const uint64_t *buckets;
    int label_count;
    char **labels;
};

/* cmt_map.c: no labels at all are fine too */
static bool labels_fit(const struct metric *m, const struct value *v)
{
    return v->label_count == 0 || v->label_count == m->label_count;
}

/* Labels without a value are left out. */
static struct bytes labels_of(const struct metric *m, const struct value *v)
{
    struct bytes b = {NULL, 0};
    size_t n = 0;

    for (int i = 0; i < v->label_count; i++) {
        n += v->labels[i] != NULL;
    }
    add_u32(&b, n);
    for (int i = 0; i < v->label_count; i++) {
        if (v->labels[i] != NULL) {
            add_str(&b, m->labels[i]);
            add_str(&b, v->labels[i]);
        }
    }
    return b;
}

static int series_compare(const void *a, const void *b)
{
    const struct series *x = a, *y = b;

    if (x->labels.len != y->labels.len) {
        return x->labels.len < y->labels.len ? -1 : 1;
    }
    return memcmp(x->labels.mem, y->labels.mem, x->labels.len);
}

/* Sets a counter's series, unless it would fall. */
static bool counter_rises(struct metric *m, const struct bytes *labels, double value)
{
    struct series *s = check(calloc(1, sizeof(*s))), *known;

    add(&s->labels, labels->mem, labels->len);
    known = *(struct series **) check(tsearch(s, &m->series, series_compare));
    if (known != s) {
        series_free(s);
    }
    if (known->value > value) {
        return false;
    }
    known->value = value;
    return true;
}

static void add_buckets(struct bytes *b, const struct buckets *bounds, const uint64_t *buckets)
{
    add_u32(b, bounds->count);
    for (size_t i = 0; i < bounds->count; i++) {
        add_double(b, bounds->bounds[i]);
    }
    for (size_t i = 0; i <= bounds->count; i++) {
        add_u64(b, buckets[i]); /* the last is that of +Inf */
    }
}

/* METRIC: instance id, kind, name, help, value, count, labels; of histograms, bounds and buckets */
static void tell(const struct instance *i, const struct metric *m, const struct value *v,
                 const struct bytes *labels)
{
    struct bytes b = {NULL, 0};
    struct out o;

    out_init(&o, REP_METRIC, 0);
    out_u32(&o, i->id);
    out_u8(&o, (uint8_t) m->kind);
    add_str(&b, m->name);
    add_str(&b, m->help);
    add_double(&b, v->value);
    add_u64(&b, v->count);
    add(&b, labels->mem, labels->len);
    if (m->kind == METRIC_HISTOGRAM) {
        add_buckets(&b, m->buckets, v->buckets);
    }
    out_send(&o, b.mem, b.len);
    free(b.mem);
}

static int set(const void *metric, enum metric_kind kind, const char *function,
               const struct value *v)
{
    struct bytes labels = {NULL, 0};
    struct instance *i;
    struct metric *m;
    int ret = -1;

    pthread_mutex_lock(&metrics_mu);
    m = metric_at(metric, kind, function, &i);
    if (m != NULL && labels_fit(m, v)) {
        labels = labels_of(m, v);
        if (kind != METRIC_COUNTER || counter_rises(m, &labels, v->value)) {
            tell(i, m, v, &labels);
            ret = 0;
        }
    }
    pthread_mutex_unlock(&metrics_mu);
    free(labels.mem);
    return ret;
}

EXPORT void *cmt_counter_create(void *cmt, char *ns, char *subsystem, char *name, char *help,
                                int label_count, char **labels);
EXPORT void *cmt_gauge_create(void *cmt, char *ns, char *subsystem, char *name, char *help,
                              int label_count, char **labels);
EXPORT void *cmt_histogram_buckets_create_size(double *bounds, size_t count);
EXPORT void *cmt_histogram_create(void *cmt, char *ns, char *subsystem, char *name, char *help,
                                  void *buckets, int label_count, char **labels);
EXPORT int cmt_counter_set(void *counter, uint64_t time, double value, int label_count,
                           char **labels);
EXPORT int cmt_gauge_set(void *gauge, uint64_t time, double value, int label_count, char **labels);
EXPORT int cmt_histogram_set_default(void *histogram, uint64_t time, uint64_t *buckets, double sum,
                                     uint64_t count, int label_count, char **labels);

void *cmt_counter_create(void *cmt, char *ns, char *subsystem, char *name, char *help,
                         int label_count, char **labels)
{
    return create(cmt, "cmt_counter_create",
                  &(struct creation) {METRIC_COUNTER, ns, subsystem, name, help, NULL, label_count,
                                      labels});
}

void *cmt_gauge_create(void *cmt, char *ns, char *subsystem, char *name, char *help,
                       int label_count, char **labels)
{
    return create(cmt, "cmt_gauge_create",
                  &(struct creation) {METRIC_GAUGE, ns, subsystem, name, help, NULL, label_count,
                                      labels});
}

void *cmt_histogram_buckets_create_size(double *bounds, size_t count)
{
    struct buckets *b;

    if (count < 1) {
        return NULL;
    }
    b = check(calloc(1, sizeof(*b) + count * sizeof(b->bounds[0])));
    b->count = count;
    if (bounds != NULL) {
        memcpy(b->bounds, bounds, count * sizeof(b->bounds[0]));
    }
    return b;
}

static struct buckets *default_buckets(void)
{
    double bounds[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0};

    return cmt_histogram_buckets_create_size(bounds, sizeof(bounds) / sizeof(bounds[0]));
}

/* The buckets are the histogram's from now on. */
void *cmt_histogram_create(void *cmt, char *ns, char *subsystem, char *name, char *help,
                           void *buckets, int label_count, char **labels)
{
    return create(cmt, "cmt_histogram_create",
                  &(struct creation) {METRIC_HISTOGRAM, ns, subsystem, name, help,
                                      buckets != NULL ? buckets : default_buckets(), label_count,
                                      labels});
}

int cmt_counter_set(void *counter, uint64_t time, double value, int label_count, char **labels)
{
    (void) time;
    return set(counter, METRIC_COUNTER, "cmt_counter_set",
               &(struct value) {value, 0, NULL, label_count, labels});
}

int cmt_gauge_set(void *gauge, uint64_t time, double value, int label_count, char **labels)
{
    (void) time;
    return set(gauge, METRIC_GAUGE, "cmt_gauge_set",
               &(struct value) {value, 0, NULL, label_count, labels});
}

int cmt_histogram_set_default(void *histogram, uint64_t time, uint64_t *buckets, double sum,
                              uint64_t count, int label_count, char **labels)
{
    (void) time;
    return set(histogram, METRIC_HISTOGRAM, "cmt_histogram_set_default",
               &(struct value) {sum, count, buckets, label_count, labels});
}
