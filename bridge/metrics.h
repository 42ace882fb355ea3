// The engine's metrics.
#ifndef FLBGO_METRICS_H
#define FLBGO_METRICS_H

#include "engine.h"

// Kinds of metrics, as package metric numbers them.
#define FLBGO_COUNTER 1
#define FLBGO_GAUGE 2
#define FLBGO_HISTOGRAM 3

// Where the metrics of the instance live: null if the engine has none, or does not export its functions. It is freed with
// the instance.
void *flbgo_metrics_of(struct flbgo_engine *engine);

// Makes a metric; null if the engine refuses. Only the bounds of histograms are read. All is copied.
void *flbgo_metric_new(void *metrics, int kind, char *subsystem, char *name, char *help, double *bounds, size_t bound_count,
                       char **labels, int label_count);

// Sets a series of it, of which buckets are cumulative, the one of +Inf last. A label value that is null is left out.
void flbgo_metric_set(void *metric, int kind, uint64_t time, double value, uint64_t *buckets, uint64_t count, char **labels,
                      int label_count);

#endif
