// The engine's log.
#ifndef FLBGO_LOG_H
#define FLBGO_LOG_H

#include <stdint.h>

typedef void flbgo_print(int level, const char *file, int line, const char *format, ...);

// Writes a line to the engine's log if the calling thread is one of the engine's, and before it the lines that wait. From
// any other thread the engine would write to standard error, whatever its log is (flb_log.c, flb_log_print): there the
// line waits for a thread of the engine's. Returns whether it is the first that waits.
int flbgo_log_line(flbgo_print *print, int level, const char *text);

// Writes the lines that wait, if the calling thread is one of the engine's.
void flbgo_log_waiting(void);

// Writes, from any thread, those that have waited for so long. Returns the nanoseconds until the next has, 0 if none waits.
int64_t flbgo_log_overdue(int64_t nanoseconds);

// The number of lines that wait.
int flbgo_log_count(void);

#endif
