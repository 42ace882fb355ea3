/* Frames on the pipes to and from the Go driver. */
#ifndef CHOST_FRAMES_H
#define CHOST_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum { FD_REQUESTS = 3, FD_REPLIES = 4, FD_SLOTS = 5 };

/* Keep in step with wire.go. */
enum request {
    REQ_LOAD = 1,
    REQ_UNLOAD,
    REQ_NEW,
    REQ_INIT,
    REQ_START,
    REQ_PAUSE,
    REQ_RESUME,
    REQ_FLUSH,
    REQ_EXIT,
    REQ_QUIT,
    REQ_ANSWER, /* of an append */
    REQ_REARM,
    REQ_ASK,
};

enum reply {
    REP_OK = 1,
    REP_ERROR,
    REP_APPEND,
    REP_LOG,
    REP_FAULT,
    REP_METRIC,
};

/* Ends the process: the host cannot go on. */
_Noreturn void die(const char *why);

/* A received frame; read with get_*, owned by whoever holds it. */
struct frame {
    uint8_t type;
    uint32_t id;
    size_t len;
    size_t pos;
    uint8_t *data;
};

/* Waits for the next frame; ends the process when the driver is gone. */
struct frame *frame_receive(void);
void frame_free(struct frame *f);

uint32_t get_u32(struct frame *f);
/* Bytes inside the frame, always followed by a NUL byte. */
const char *get_bytes(struct frame *f, size_t *len);
const char *get_str(struct frame *f);

/* A frame being built. Fixed fields only: bulk goes as `tail` of out_send. */
struct out {
    uint8_t buf[4352];
    size_t len;
};

void out_init(struct out *o, uint8_t type, uint32_t id);
void out_u8(struct out *o, uint8_t v);
void out_u32(struct out *o, uint32_t v);
void out_u64(struct out *o, uint64_t v);
void out_str(struct out *o, const char *s); /* cut when it does not fit */
void out_send(struct out *o, const void *tail, size_t tail_len);

void reply_ok(uint32_t id, int32_t value);
void reply_error(uint32_t id, const char *step, int32_t code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* A line for the driver's log: levels as in flb_log.h. */
enum { LOG_ERROR = 1, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE };
void host_log(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
