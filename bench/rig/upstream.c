// Stands in for Anthropic's API: one thread, HTTP/1.1 with keep-alive, fast enough never to be what is measured.
//
//   upstream PORT
//
// The model that a request names says what is answered:
//
//   mock-json-BYTES          a message of that many bytes
//   mock-sse-EVENTS-GAP_US   an event stream; with a gap of 0 in one write, else one write an event
//
// Every delta carries the time of its send (STAMP_DIGITS), so that whoever reads it knows how long it was under way.
// A request without an Anthropic key is answered 401: no contender may save itself the work of putting it there.
#include "common.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_MAX = 8192, MODEL_WITHIN = 128, READ_SIZE = 256 << 10, JSON_MAX = 128 << 10 };

struct connection {
    int fd;
    enum { HEAD, SIZED_BODY, CHUNKED_BODY, ANSWERING } state;
    bool authorized, waits_for_room, is_due, is_closed;
    char head[HEAD_MAX];
    size_t head_size;
    char model[MODEL_WITHIN + 1]; // the first bytes of the body, which hold the model
    size_t model_size;
    size_t body_left;
    struct chunks chunks;
    char *out;
    size_t out_start, out_end, out_capacity;
    int events, next_event;
    uint64_t gap, due;
};

static int poller;

// Connections whose next event has a time, the earliest first: a binary heap.
static struct connection **heap;
static size_t heap_size, heap_capacity;

static void swap(size_t a, size_t b) {
    struct connection *kept = heap[a];
    heap[a] = heap[b], heap[b] = kept;
}

static void schedule(struct connection *c) {
    if (heap_size == heap_capacity) {
        heap_capacity = heap_capacity ? heap_capacity * 2 : 1024;
        heap = need(realloc(heap, heap_capacity * sizeof *heap));
    }
    c->is_due = true;
    heap[heap_size] = c;
    for (size_t i = heap_size++; i && heap[(i - 1) / 2]->due > heap[i]->due; i = (i - 1) / 2) swap(i, (i - 1) / 2);
}

static struct connection *take_earliest(void) {
    struct connection *earliest = heap[0];
    heap[0] = heap[--heap_size];
    for (size_t i = 0, child; (child = 2 * i + 1) < heap_size; i = child) {
        if (child + 1 < heap_size && heap[child + 1]->due < heap[child]->due) child++;
        if (heap[i]->due <= heap[child]->due) break;
        swap(i, child);
    }
    earliest->is_due = false;
    return earliest;
}

// What is still on the heap is freed when it comes off.
static void end(struct connection *c) {
    if (!c->is_closed) close(c->fd);
    c->is_closed = true;
    if (c->is_due) return;
    free(c->out);
    free(c);
}

static void watch(struct connection *c, bool for_room) {
    if (c->waits_for_room == for_room) return;
    c->waits_for_room = for_room;
    struct epoll_event e = {.events = EPOLLIN | (for_room ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &e);
}

static void put(struct connection *c, const char *text, size_t size) {
    if (c->out_end + size > c->out_capacity) {
        c->out_capacity = (c->out_end + size) * 2;
        c->out = need(realloc(c->out, c->out_capacity));
    }
    memcpy(c->out + c->out_end, text, size);
    c->out_end += size;
}

static void put_text(struct connection *c, const char *text) { put(c, text, strlen(text)); }

// False when the connection broke.
static bool flush(struct connection *c) {
    while (c->out_start < c->out_end) {
        ssize_t sent = send(c->fd, c->out + c->out_start, c->out_end - c->out_start, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return false;
        if (sent < 0) {
            watch(c, true);
            return true;
        }
        c->out_start += (size_t)sent;
    }
    c->out_start = c->out_end = 0;
    watch(c, false);
    return true;
}

#define COMMON_FIELDS \
    "request-id: req_011CSHoEeqs5C35K2UUqR7Fy\r\n" \
    "anthropic-ratelimit-requests-limit: 4000\r\n" \
    "anthropic-ratelimit-requests-remaining: 3999\r\n" \
    "anthropic-organization-id: 00000000-0000-0000-0000-000000000000\r\n"

static void put_json(struct connection *c, size_t wanted) {
    static char answer[JSON_MAX + 1024]; // the last one, because all requests of a run want the same
    static size_t answer_size, answer_for = SIZE_MAX;
    if (answer_for != wanted) {
        static const char start[] = "{\"id\":\"msg_01XFDUDYJgAACzvnptvVoYEL\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5-20250929\","
                                    "\"content\":[{\"type\":\"text\",\"text\":\"";
        static const char rest[] = "\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":512,\"output_tokens\":310}}";
        size_t frame = sizeof start + sizeof rest - 2, body = wanted < frame ? frame : wanted > JSON_MAX ? JSON_MAX : wanted;
        int head = sprintf(answer, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n" COMMON_FIELDS "\r\n", body);
        char *at = answer + head;
        at = (char *)mempcpy(at, start, sizeof start - 1);
        memset(at, 'a', body - frame);
        memcpy(at + body - frame, rest, sizeof rest - 1);
        answer_size = (size_t)head + body, answer_for = wanted;
    }
    put(c, answer, answer_size);
}

static size_t write_event(char *chunk, size_t room, const char *type, const char *data) {
    int size = snprintf(NULL, 0, "event: %s\ndata: {\"type\":\"%s\"%s}\n\n", type, type, data);
    return (size_t)snprintf(chunk, room, "%x\r\nevent: %s\ndata: {\"type\":\"%s\"%s}\n\n\r\n", (unsigned)size, type, type, data);
}

static void put_event(struct connection *c, const char *type, const char *data) {
    char chunk[1024];
    put(c, chunk, write_event(chunk, sizeof chunk, type, data));
}

// Written once, with the time put in each time: at full speed there are millions a second.
static void put_delta(struct connection *c, uint64_t time) {
    static char chunk[512], *stamp;
    static size_t size;
    if (!stamp) {
        size = write_event(chunk, sizeof chunk, "content_block_delta", ",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"T0000000000000000000 some words\"}");
        stamp = strstr(chunk, "T0") + 1;
    }
    for (int i = STAMP_DIGITS; i--; time /= 10) stamp[i] = (char)('0' + time % 10);
    put(c, chunk, size);
}

static void put_start_of_stream(struct connection *c) {
    put_text(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n" COMMON_FIELDS "\r\n");
    put_event(c, "message_start", ",\"message\":{\"id\":\"msg_01XFDUDYJgAACzvnptvVoYEL\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5-20250929\","
                                  "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":512,\"output_tokens\":1}}");
    put_event(c, "content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}");
}

static void put_end_of_stream(struct connection *c) {
    put_event(c, "content_block_stop", ",\"index\":0");
    put_event(c, "message_delta", ",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":60}");
    put_event(c, "message_stop", "");
    put_text(c, "0\r\n\r\n");
}

static bool finish(struct connection *c) {
    c->state = HEAD, c->head_size = c->model_size = 0;
    return flush(c);
}

// Writes what is due of a stream.
static bool continue_stream(struct connection *c) {
    do {
        if (c->next_event++ == c->events) {
            put_end_of_stream(c);
            return finish(c);
        }
        put_delta(c, now());
    } while (!c->gap);
    c->due += c->gap;
    schedule(c);
    return flush(c);
}

static bool answer(struct connection *c) {
    c->state = ANSWERING;
    c->model[c->model_size] = 0;
    unsigned long gap_us = 0;
    size_t bytes = 1500;
    const char *model = strstr(c->model, "mock-");
    if (!c->authorized) {
        put_text(c, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
        return finish(c);
    }
    if (model && sscanf(model, "mock-sse-%d-%lu", &c->events, &gap_us) == 2) {
        c->gap = gap_us * 1000, c->next_event = 0, c->due = now();
        put_start_of_stream(c);
        return continue_stream(c);
    }
    if (model) sscanf(model, "mock-json-%zu", &bytes);
    put_json(c, bytes);
    return finish(c);
}

static bool begin_body(struct connection *c) {
    c->authorized = field_is(c->head, "x-api-key", "sk-ant-");
    if (field_is(c->head, "expect", "100-continue")) {
        put_text(c, "HTTP/1.1 100 Continue\r\n\r\n");
        if (!flush(c)) return false;
    }
    if (field_is(c->head, "transfer-encoding", "chunked")) {
        c->state = CHUNKED_BODY, c->chunks = (struct chunks){0};
        return true;
    }
    const char *length = field(c->head, "content-length");
    c->state = SIZED_BODY, c->body_left = length ? strtoul(length, NULL, 10) : 0;
    return c->body_left || answer(c);
}

static void keep_model(struct connection *c, const char *data, size_t size) {
    size_t room = MODEL_WITHIN - c->model_size;
    if (size > room) size = room;
    memcpy(c->model + c->model_size, data, size);
    c->model_size += size;
}

// False when the connection broke, or sent what no contender sends, such as a request before the answer to the last.
static bool read_request(struct connection *c, const char *data, size_t size) {
    while (size) {
        size_t used = 0, payload_size;
        const char *payload;
        switch (c->state) {
        case HEAD: {
            size_t before = c->head_size, taken = size < HEAD_MAX - 1 - before ? size : HEAD_MAX - 1 - before;
            memcpy(c->head + before, data, taken);
            c->head[c->head_size += taken] = 0;
            char *over = strstr(c->head + (before > 3 ? before - 3 : 0), "\r\n\r\n");
            if (!over) return taken == size;
            used = (size_t)(over + 4 - c->head) - before;
            over[4] = 0;
            if (!begin_body(c)) return false;
            break;
        }
        case SIZED_BODY:
            used = size < c->body_left ? size : c->body_left;
            keep_model(c, data, used);
            c->body_left -= used;
            if (!c->body_left && !answer(c)) return false;
            break;
        case CHUNKED_BODY:
            used = take_chunk(&c->chunks, data, size, &payload, &payload_size);
            keep_model(c, payload, payload_size);
            if (c->chunks.at == CHUNKS_OVER && !answer(c)) return false;
            break;
        case ANSWERING:
            return false;
        }
        data += used, size -= used;
    }
    return true;
}

static void accept_all(int listener) {
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        struct connection *c = need(calloc(1, sizeof *c));
        c->fd = fd;
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.ptr = c});
    }
}

static void serve(struct connection *c, uint32_t what) {
    static char data[READ_SIZE];
    if (what & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        ssize_t size = recv(c->fd, data, sizeof data, 0);
        bool stays = size > 0 ? read_request(c, data, (size_t)size) : size < 0 && errno == EAGAIN;
        if (!stays) {
            end(c);
            return;
        }
    }
    if (what & EPOLLOUT && !flush(c)) end(c);
}

int main(int count, char **arguments) {
    if (count != 2) return fputs("usage: upstream PORT\n", stderr), 2;
    prepare_process();
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 8192)) return perror("upstream"), 1;
    poller = epoll_create1(0);
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN});
    for (;;) {
        struct epoll_event events[512];
        struct timespec wait = heap_size ? until(heap[0]->due) : (struct timespec){0};
        int ready = epoll_pwait2(poller, events, 512, heap_size ? &wait : NULL, NULL);
        for (int i = 0; i < ready; i++)
            if (events[i].data.ptr) serve(events[i].data.ptr, events[i].events);
            else accept_all(listener);
        for (uint64_t time = now(); heap_size && heap[0]->due <= time;) {
            struct connection *c = take_earliest();
            if (c->is_closed || !continue_stream(c)) end(c);
        }
    }
}
