// What the upstream and the load generator share: the clock, the ends of a chunked body, header fields.
#ifndef COMMON_H
#define COMMON_H
#define _GNU_SOURCE
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

// A stamp in an event: 'T' and the monotonic clock at its send, in nanoseconds, with this many digits.
enum { STAMP_DIGITS = 19 };

static inline uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline struct timespec until(uint64_t due) {
    uint64_t n = now(), left = due > n ? due - n : 0;
    return (struct timespec){.tv_sec = (time_t)(left / 1000000000u), .tv_nsec = (long)(left % 1000000000u)};
}

static inline void prepare_process(void) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    prctl(PR_SET_TIMERSLACK, 1); // by default timers are up to 50 us late, as much as what is measured here
}

static inline void *need(void *allocated) {
    if (!allocated) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    return allocated;
}

// The value of a header field in a head that ends in "\r\n\r\n", without leading blanks; null when there is none.
static inline const char *field(const char *head, const char *name) {
    size_t length = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line && line[2] != '\r'; line = strstr(line + 2, "\r\n"))
        if (!strncasecmp(line + 2, name, length) && line[2 + length] == ':')
            return line + 3 + length + strspn(line + 3 + length, " ");
    return NULL;
}

static inline bool field_is(const char *head, const char *name, const char *start_of_value) {
    const char *value = field(head, name);
    return value && !strncasecmp(value, start_of_value, strlen(start_of_value));
}

// A chunked body (RFC 9112 section 7.1) in whatever pieces it arrives. Trailer fields are skipped.
struct chunks {
    enum { CHUNK_SIZE, CHUNK_EXTENSION, CHUNK_DATA, CHUNK_END, TRAILER_START, TRAILER, CHUNKS_OVER } at;
    size_t left;
};

// Takes one step: returns how many bytes it used, and the payload among them, which may be empty.
static inline size_t take_chunk(struct chunks *body, const char *data, size_t size, const char **payload, size_t *payload_size) {
    *payload = data, *payload_size = 0;
    if (body->at == CHUNK_DATA) {
        size_t taken = size < body->left ? size : body->left;
        *payload_size = taken;
        if (!(body->left -= taken)) body->at = CHUNK_END;
        return taken;
    }
    char c = *data;
    switch (body->at) {
    case CHUNK_SIZE:
        if (c >= '0' && c <= '9') body->left = body->left * 16 + (size_t)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f') body->left = body->left * 16 + (size_t)((c | 32) - 'a' + 10);
        else if (c == '\n') body->at = body->left ? CHUNK_DATA : TRAILER_START;
        else body->at = CHUNK_EXTENSION;
        break;
    case CHUNK_EXTENSION:
        if (c == '\n') body->at = body->left ? CHUNK_DATA : TRAILER_START;
        break;
    case CHUNK_END:
        if (c == '\n') body->at = CHUNK_SIZE;
        break;
    case TRAILER_START:
        if (c == '\n') body->at = CHUNKS_OVER;
        else if (c != '\r') body->at = TRAILER;
        break;
    case TRAILER:
        if (c == '\n') body->at = TRAILER_START;
        break;
    default:
        break;
    }
    return 1;
}

#endif
