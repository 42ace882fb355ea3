//go:build cgo

#include "metrics.h"

#include <pthread.h>

// The engine's own functions are always the right ones for its structs, whose layouts change with its releases; these
// prototypes have not since v2.0.0.
static struct {
    void *(*of_input)(void *ins);
    void *(*of_output)(void *ins);
    void *(*new_counter)(void *, char *, char *, char *, char *, int, char **);
    void *(*new_gauge)(void *, char *, char *, char *, char *, int, char **);
    void *(*new_buckets)(double *, size_t);
    void *(*new_histogram)(void *, char *, char *, char *, char *, void *, int, char **);
    int (*set_counter)(void *, uint64_t, double, int, char **);
    int (*set_gauge)(void *, uint64_t, double, int, char **);
    int (*set_histogram)(void *, uint64_t, uint64_t *, double, uint64_t, int, char **);
} engine_has;

static int complete;

static void find(const char *name, void *function) {
    *(void **)function = flbgo_symbol(name);
    complete = complete && *(void **)function != NULL;
}

// Those that struct flb_api has are not used: an engine without metrics leaves them unset (flb_api.c).
static void find_all(void) {
    complete = 1;
    find("flb_input_get_cmt_instance", &engine_has.of_input);
    find("flb_output_get_cmt_instance", &engine_has.of_output);
    find("cmt_counter_create", &engine_has.new_counter);
    find("cmt_gauge_create", &engine_has.new_gauge);
    find("cmt_histogram_buckets_create_size", &engine_has.new_buckets);
    find("cmt_histogram_create", &engine_has.new_histogram);
    find("cmt_counter_set", &engine_has.set_counter);
    find("cmt_gauge_set", &engine_has.set_gauge);
    find("cmt_histogram_set_default", &engine_has.set_histogram);
}

void *flbgo_metrics_of(struct flbgo_engine *engine) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_all);
    if (!complete) {
        return NULL;
    }
    return engine->type == FLBGO_TYPE_INPUT ? engine_has.of_input(engine->ins) : engine_has.of_output(engine->ins);
}

void *flbgo_metric_new(void *metrics, int kind, char *subsystem, char *name, char *help, double *bounds, size_t bound_count,
                       char **labels, int label_count) {
    static char namespace[] = "fluentbit";
    switch (kind) {
    case FLBGO_COUNTER:
        return engine_has.new_counter(metrics, namespace, subsystem, name, help, label_count, labels);
    case FLBGO_GAUGE:
        return engine_has.new_gauge(metrics, namespace, subsystem, name, help, label_count, labels);
    }
    void *buckets = engine_has.new_buckets(bounds, bound_count); // belongs to the histogram
    return buckets == NULL ? NULL
                           : engine_has.new_histogram(metrics, namespace, subsystem, name, help, buckets, label_count, labels);
}

void flbgo_metric_set(void *metric, int kind, uint64_t time, double value, uint64_t *buckets, uint64_t count, char **labels,
                      int label_count) {
    switch (kind) {
    case FLBGO_COUNTER:
        engine_has.set_counter(metric, time, value, label_count, labels);
        return;
    case FLBGO_GAUGE:
        engine_has.set_gauge(metric, time, value, label_count, labels);
        return;
    }
    engine_has.set_histogram(metric, time, buckets, value, count, label_count, labels);
}
