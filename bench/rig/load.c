// Loads one contender over HTTP/1.1 and prints one line of JSON about it. One thread.
//
//   load -p PORT -k FILE -m MODEL [-t PATH] [-b BODY_BYTES] [-c CONNECTIONS] [-d SECONDS] [-w SECONDS] [-n REQUESTS] [-r RATE | -o RAMP_MS] [-s SOURCES]
//
//   -k  a file with a token a line; the requests take turns with them (not an argument: process lists show those)
//   -m  what the upstream is to answer, see upstream.c
//   -w  load before the time measured
//   -n  a closed loop ends after so many requests, if that is earlier
//   -r  open loop: that many requests a second, whatever becomes of them, and latency counts from when a request was due. Without it a
//       closed loop: each connection sends again when it has its answer, which hides the time that requests would have waited
//   -o  holds streams open: each connection sends one request, all of them within the ramp, and all is over when the last stream ends
//   -s  how many loopback addresses to connect from: one has some 28,000 ports
//
// A stream counts as answered when all its events came, up to its end.
#include "common.h"
#include "histogram.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { HEAD_MAX = 8192, READ_SIZE = 256 << 10 };

struct connection {
    int fd;
    bool is_connected, is_busy, waits_for_room, closes, has_first_event;
    uint64_t due, stamp;
    int stamp_digits, events;
    size_t request, sent;
    enum { HEAD, SIZED_BODY, CHUNKED_BODY, BODY_TO_END } state;
    char head[HEAD_MAX];
    size_t head_size, body_left;
    struct chunks chunks;
    int status;
};

static struct {
    int port, connections, sources, ramp_ms;
    long requests;
    size_t body_size;
    double seconds, warm_seconds, rate;
    const char *path, *model, *token_file;
} options = {.port = 80, .connections = 16, .sources = 1, .body_size = 2048, .seconds = 3, .warm_seconds = 0.5, .path = "/v1/messages", .model = "mock-json-1500"};

static int poller;
static struct connection *connections;
static int *idle, idle_count, busy_count;

// A request is: what comes before the token, the token, what comes after it.
static char *before_token, *after_token, **tokens;
static size_t before_size, after_size, token_count, first_token;

static int events_expected; // in a stream; 0 for JSON
static uint64_t measure_from, measure_to;
static struct histogram latency, first_event, event_delay;
static struct { long ok, failed, refused, incomplete, issued, events, reads; } counts;
static int refused_with; // the status of the last refusal

static bool holds(void) { return options.ramp_ms > 0; }
static bool is_measured(const struct connection *c) { return holds() || (c->due >= measure_from && c->due < measure_to); }

static void watch(struct connection *c, bool for_room) {
    if (c->waits_for_room == for_room) return;
    c->waits_for_room = for_room;
    struct epoll_event e = {.events = EPOLLIN | (for_room ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &e);
}

static void disconnect(struct connection *c) {
    if (c->fd >= 0) close(c->fd);
    c->fd = -1, c->is_connected = false;
}

static void release(struct connection *c) {
    c->is_busy = false;
    busy_count--;
    if (!holds()) idle[idle_count++] = (int)(c - connections);
}

static void fail(struct connection *c) {
    disconnect(c);
    if (!c->is_busy) return;
    if (is_measured(c)) counts.failed++;
    release(c);
}

static void finish(struct connection *c) {
    if (is_measured(c)) {
        if (c->status != 200) counts.refused++, refused_with = c->status;
        else if (c->events != events_expected) counts.incomplete++;
        else {
            counts.ok++;
            record(&latency, now() - c->due);
        }
    }
    if (c->closes || holds()) disconnect(c);
    release(c);
}

static void send_request(struct connection *c) {
    const char *token = tokens[(first_token + c->request) % token_count];
    struct iovec parts[] = {{before_token, before_size}, {(char *)token, strlen(token)}, {after_token, after_size}};
    for (;;) {
        struct iovec left[3];
        int count = 0;
        size_t skip = c->sent;
        for (int i = 0; i < 3; i++) {
            size_t skipped = skip < parts[i].iov_len ? skip : parts[i].iov_len;
            skip -= skipped;
            if (skipped < parts[i].iov_len) left[count++] = (struct iovec){(char *)parts[i].iov_base + skipped, parts[i].iov_len - skipped};
        }
        if (!count) break;
        ssize_t sent = writev(c->fd, left, count);
        if (sent < 0 && errno == EAGAIN) {
            watch(c, true);
            return;
        }
        if (sent < 0) {
            fail(c);
            return;
        }
        c->sent += (size_t)sent;
    }
    watch(c, false);
}

static void connect_to(struct connection *c) {
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (options.sources > 1) {
        struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(c - connections) % (uint32_t)options.sources)};
        setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){1}, sizeof(int)); // the port is chosen when the other end is known
        bind(c->fd, (struct sockaddr *)&source, sizeof source);
    }
    struct sockaddr_in target = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (c->fd < 0 || (connect(c->fd, (struct sockaddr *)&target, sizeof target) && errno != EINPROGRESS)) {
        fail(c);
        return;
    }
    c->waits_for_room = true;
    epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &(struct epoll_event){.events = EPOLLIN | EPOLLOUT, .data.ptr = c});
}

static void issue(struct connection *c, uint64_t due) {
    busy_count++;
    c->is_busy = true, c->due = due, c->request = (size_t)counts.issued++;
    c->sent = c->head_size = 0, c->state = HEAD, c->closes = c->has_first_event = false, c->events = c->stamp_digits = 0;
    if (c->is_connected) send_request(c);
    else connect_to(c);
}

// Finds the stamps of events in a body, also where one lies on both sides of a read.
static void find_stamps(struct connection *c, const char *data, size_t size, uint64_t time) {
    for (const char *at = data, *over = data + size; at < over; at++) {
        if (!c->stamp_digits) {
            at = memchr(at, 'T', (size_t)(over - at));
            if (!at) break;
            c->stamp_digits = 1, c->stamp = 0;
            continue;
        }
        if (*at < '0' || *at > '9') {
            c->stamp_digits = *at == 'T';
            c->stamp = 0;
            continue;
        }
        c->stamp = c->stamp * 10 + (uint64_t)(*at - '0');
        if (c->stamp_digits++ < STAMP_DIGITS) continue;
        c->stamp_digits = 0, c->events++;
        if (!is_measured(c)) continue;
        counts.events++;
        record(&event_delay, time - c->stamp);
        if (!c->has_first_event) record(&first_event, time - c->due);
        c->has_first_event = true;
    }
}

static void read_head(struct connection *c) {
    c->status = atoi(c->head + sizeof "HTTP/1.1");
    c->closes = field_is(c->head, "connection", "close");
    const char *length = field(c->head, "content-length");
    c->body_left = length ? strtoul(length, NULL, 10) : 0;
    c->chunks = (struct chunks){0};
    c->state = field_is(c->head, "transfer-encoding", "chunked") ? CHUNKED_BODY : length ? SIZED_BODY : BODY_TO_END;
}

static void read_answer(struct connection *c, const char *data, size_t size, uint64_t time) {
    if (c->state == HEAD) {
        size_t before = c->head_size, taken = size < HEAD_MAX - 1 - before ? size : HEAD_MAX - 1 - before;
        memcpy(c->head + before, data, taken);
        c->head[c->head_size += taken] = 0;
        char *over = strstr(c->head, "\r\n\r\n");
        if (!over) {
            if (taken < size) fail(c);
            return;
        }
        over[4] = 0;
        size_t used = (size_t)(over + 4 - c->head) - before;
        data += used, size -= used;
        read_head(c);
    }
    if (c->state == CHUNKED_BODY) {
        while (size && c->chunks.at != CHUNKS_OVER) {
            const char *payload;
            size_t payload_size, used = take_chunk(&c->chunks, data, size, &payload, &payload_size);
            if (payload_size) find_stamps(c, payload, payload_size, time);
            data += used, size -= used;
        }
        if (c->chunks.at == CHUNKS_OVER) finish(c);
        return;
    }
    find_stamps(c, data, size, time);
    if (c->state == BODY_TO_END) return;
    c->body_left -= size < c->body_left ? size : c->body_left;
    if (!c->body_left) finish(c);
}

static void receive(struct connection *c) {
    static char data[READ_SIZE];
    ssize_t size = recv(c->fd, data, sizeof data, 0);
    if (size > 0 && c->is_busy) {
        long before = counts.events;
        read_answer(c, data, (size_t)size, now());
        if (counts.events > before) counts.reads++;
    } else if (size == 0 && c->is_busy && c->state == BODY_TO_END) {
        c->closes = true;
        finish(c);
    } else if (size >= 0 || errno != EAGAIN) fail(c);
}

static void serve(struct connection *c, uint32_t what) {
    if (c->fd < 0) return; // it ended earlier in the same batch
    if (what & EPOLLOUT) {
        c->is_connected = true;
        if (c->is_busy) send_request(c);
        else watch(c, false);
    }
    if (c->fd >= 0 && what & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(c);
}

// A Messages request as an agent's client sends it.
static void prepare_request(void) {
    events_expected = 0;
    bool streams = sscanf(options.model, "mock-sse-%d", &events_expected) == 1;
    char start[256];
    static const char rest[] = "\"}]}]}", words[] = "Please read the source of the failing test, say what it expects, and mend what it tests. ";
    size_t start_size = (size_t)snprintf(start, sizeof start,
        "{\"model\":\"%s\",\"max_tokens\":8192,\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"",
        options.model, streams ? "true" : "false");
    size_t frame = start_size + sizeof rest - 1, body = options.body_size < frame ? frame : options.body_size;
    before_token = need(malloc(1024));
    before_size = (size_t)snprintf(before_token, 1024,
        "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: %s\r\nContent-Type: application/json\r\nUser-Agent: claude-cli/2.0.14 (external, cli)\r\nx-api-key: ",
        options.path, options.port, streams ? "text/event-stream" : "application/json");
    after_token = need(malloc(body + 1024));
    char *at = after_token + snprintf(after_token, 1024,
        "\r\nanthropic-version: 2023-06-01\r\nanthropic-beta: claude-code-20250219,interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14\r\n"
        "anthropic-dangerous-direct-browser-access: true\r\nx-app: cli\r\nX-Stainless-Arch: x64\r\nX-Stainless-Lang: js\r\nX-Stainless-OS: Linux\r\n"
        "X-Stainless-Package-Version: 0.60.0\r\nX-Stainless-Retry-Count: 0\r\nX-Stainless-Runtime: node\r\nX-Stainless-Runtime-Version: v20.19.0\r\n"
        "X-Stainless-Timeout: 600\r\nX-Claude-Code-Session-Id: 5b0f6a9e-3c1d-4e57-9a46-2f4d8c7b1e03\r\nContent-Length: %zu\r\n\r\n", body);
    at = (char *)mempcpy(at, start, start_size);
    for (size_t i = 0; i < body - frame; i++) *at++ = words[i % (sizeof words - 1)];
    at = (char *)mempcpy(at, rest, sizeof rest - 1);
    after_size = (size_t)(at - after_token);
}

static void read_tokens(void) {
    FILE *file = fopen(options.token_file, "r");
    if (!file) exit((perror(options.token_file), 2));
    char line[512];
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\r\n")] = 0;
        tokens = need(realloc(tokens, (token_count + 1) * sizeof *tokens));
        tokens[token_count++] = need(strdup(line));
    }
    fclose(file);
    if (!token_count) exit((fprintf(stderr, "%s holds no token\n", options.token_file), 2));
    first_token = now() % token_count; // or a short load would always come from the same users
}

// Sends what is due. Returns when to come back, or 0 when all is over.
static uint64_t send_due(uint64_t start, uint64_t end, uint64_t give_up) {
    uint64_t time = now(), soon = time + 2000000;
    if (time > give_up) {
        counts.failed += busy_count;
        return 0;
    }
    if (holds()) {
        long wanted = (long)((double)(time - start) / 1e6 / options.ramp_ms * options.connections) + 1;
        if (wanted > options.connections) wanted = options.connections;
        while (counts.issued < wanted) issue(&connections[counts.issued], time);
        if (!busy_count && counts.issued == options.connections) return 0;
        return soon;
    }
    if (options.rate > 0) {
        static long arrivals;
        uint64_t due;
        while ((due = start + (uint64_t)((double)arrivals / options.rate * 1e9)) <= time && due < end && idle_count) {
            arrivals++;
            issue(&connections[idle[--idle_count]], due);
        }
        if (due >= end) return busy_count ? soon : 0;
        return due > time && due < soon ? due : soon;
    }
    bool goes_on = time < end && (!options.requests || counts.issued < options.requests);
    if (goes_on)
        for (int n = idle_count; n--;) issue(&connections[idle[--idle_count]], now()); // not while there are: a refused one is idle again at once
    else if (!busy_count) return 0;
    return soon;
}

static void print_percentiles(const char *name, const struct histogram *h) {
    if (h->total)
        printf(",\"%s\":{\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f}", name,
            percentile_us(h, .5), percentile_us(h, .9), percentile_us(h, .99), percentile_us(h, .999), percentile_us(h, 1));
}

static void print_result(double seconds) {
    printf("{\"ok\":%ld,\"failed\":%ld,\"refused\":%ld,\"incomplete\":%ld,\"issued\":%ld,\"seconds\":%.3f,\"requests_per_second\":%.1f",
        counts.ok, counts.failed, counts.refused, counts.incomplete, counts.issued, seconds, (double)counts.ok / seconds);
    if (refused_with) printf(",\"refused_with\":%d", refused_with);
    print_percentiles("latency_us", &latency);
    if (counts.events) printf(",\"events\":%ld,\"events_per_second\":%.0f,\"events_per_read\":%.2f", counts.events, (double)counts.events / seconds, (double)counts.events / (double)counts.reads);
    print_percentiles("first_event_us", &first_event);
    print_percentiles("event_delay_us", &event_delay);
    puts("}");
}

int main(int count, char **arguments) {
    for (int option; (option = getopt(count, arguments, "p:t:k:m:b:c:d:w:n:r:o:s:")) != -1;)
        switch (option) {
        case 'p': options.port = atoi(optarg); break;
        case 't': options.path = optarg; break;
        case 'k': options.token_file = optarg; break;
        case 'm': options.model = optarg; break;
        case 'b': options.body_size = strtoul(optarg, NULL, 10); break;
        case 'c': options.connections = atoi(optarg); break;
        case 'd': options.seconds = atof(optarg); break;
        case 'w': options.warm_seconds = atof(optarg); break;
        case 'n': options.requests = atol(optarg); break;
        case 'r': options.rate = atof(optarg); break;
        case 'o': options.ramp_ms = atoi(optarg); break;
        case 's': options.sources = atoi(optarg); break;
        default: return 2;
        }
    if (!options.token_file || optind < count) return fputs("load: see the head of load.c\n", stderr), 2;
    prepare_process();
    read_tokens();
    prepare_request();
    poller = epoll_create1(0);
    connections = need(calloc((size_t)options.connections, sizeof *connections));
    idle = need(calloc((size_t)options.connections, sizeof *idle));
    for (int i = options.connections; i--;) connections[i].fd = -1, idle[idle_count++] = i;

    uint64_t start = now();
    measure_from = start + (uint64_t)(options.warm_seconds * 1e9), measure_to = measure_from + (uint64_t)(options.seconds * 1e9);
    uint64_t give_up = measure_to + (holds() ? 120 : 15) * 1000000000ull;
    for (uint64_t back; (back = send_due(start, measure_to, give_up));) {
        struct epoll_event events[1024];
        struct timespec wait = until(back);
        int ready = epoll_pwait2(poller, events, 1024, &wait, NULL);
        for (int i = 0; i < ready; i++) serve(events[i].data.ptr, events[i].events);
    }
    print_result(holds() ? (double)(now() - start) / 1e9 : options.seconds);
    return 0;
}
