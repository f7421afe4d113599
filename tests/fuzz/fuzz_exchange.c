// SPDX-License-Identifier: Apache-2.0
/*
 * A whole exchange, and those that follow it on its connection, between a client and an engine that are both
 * hostile: the real client.c, exchange*.c and engine.c on real sockets and the real loop. The input is
 *
 *   a line of steps     letters: who does what next, and how much
 *   two bytes           how many bytes the client has to send, the high one first
 *   the client's bytes, then the engine's
 *
 * Whatever they do: every request that arrives at the engine is one that the policy allows, or one of our own
 * looks; and when both are gone, nothing of them is left.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz_world.h"
#include "daemon/reader.h"
#include "policy/version.h"

#define STEPS 64u
#define TURNS 200u /* of the loop, until both ends have seen each other's end */
#define ENGINES 8u

static const char *const POLICIES[] = {"monitoring", "all", "p"};

static FuzzWorld world;

static const char CONFIG[] =
    "policies:\n"
    "  p:\n"
    "    include: [monitoring]\n"
    "    allow: [ContainerCreate, ContainerAttach, ImageBuild, ImageLoad, ImageCreate]\n"
    "    answers: {redact_env: [deny-all], redact_labels: ['*']}\n";

/* --- the play */

typedef struct Play {
    Client *client;
    int client_fd; /* −1: gone */
    Span client_left, engine_left;
    int engine_fds[ENGINES]; /* −1: gone; connections that the gate has made, the last is the one that speaks
                              */
    Buffer arrived[ENGINES];
    size_t n_engines;
} Play;

static void on_closed(void *arg, Client *client UNUSED) {
    ((Play *) arg)->client = NULL;
}

static void on_turned_away(void *arg UNUSED, Client *client UNUSED) {
}

static void play_hear(int fd, Buffer *into) {
    char bytes[4096];
    ssize_t n;

    while (fd >= 0 && (n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
        if (into)
            (void) buffer_append(into, (Span){bytes, (size_t) n});
}

static void play_turn(Play *play) {
    int fd;

    (void) event_base_loop(world.env.base, EVLOOP_NONBLOCK);
    while (play->n_engines < ENGINES &&
           (fd = accept4(world.engine_listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
        play->engine_fds[play->n_engines++] = fd;
    for (size_t i = 0; i < play->n_engines; i++)
        play_hear(play->engine_fds[i], &play->arrived[i]);
    play_hear(play->client_fd, NULL);
}

static void play_send(int fd, Span *left, size_t n) {
    if (n > left->size)
        n = left->size;
    if (fd < 0 || n == 0)
        return;
    if (send(fd, left->data, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        return;
    left->data += n;
    left->size -= n;
}

static void play_close(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void play_step(Play *play, unsigned char step) {
    int *engine = play->n_engines > 0 ? &play->engine_fds[play->n_engines - 1] : NULL;
    size_t amount = (size_t) 1 << (step / 8 % 16);

    switch (step % 8) {
    case 0:
    case 1:
        play_send(play->client_fd, &play->client_left, amount);
        break;
    case 2:
    case 3:
        if (engine)
            play_send(*engine, &play->engine_left, amount);
        break;
    case 4:
        if (play->client_fd >= 0)
            (void) shutdown(play->client_fd, SHUT_WR);
        break;
    case 5:
        if (engine && *engine >= 0)
            (void) shutdown(*engine, SHUT_WR);
        break;
    case 6:
        if (engine && step >= 128)
            play_close(engine);
        break;
    default:
        if (step >= 192)
            play_close(&play->client_fd);
        break;
    }
    play_turn(play);
}

/* --- what arrived */

static bool is_ours(const Request *request) {
    return request->method == METHOD_GET && request->n_headers <= 3;
}

/* Whole requests at the front of `bytes`, until one whose connection may become a tunnel. */
static void check_arrived(Policy *policy, Span bytes) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(64u << 20);
    Reader *reader = reader_new(READER_REQUEST);
    Buffer in = {0}, body = {0};
    bool tunnel = false;

    FUZZ_CHECK(buffer_append(&in, bytes) == 0, "no memory");
    while (!tunnel && buffer_size(&in) > 0) {
        CLEANUP(body_free_p) Body *tree = NULL;
        Request request = {0};
        Verdict verdict = {0};
        Reason reason = REASON_UNDECIDED;
        const char *detail = NULL;
        size_t size = 0;
        ReadStatus status;

        status = reader_head(reader, buffer_span(&in), LIMIT_HEADER_BYTES_MAX, &size, &reason, &detail);
        if (status == READ_MORE)
            break;
        FUZZ_CHECK(status == READ_HEAD, "what arrived is no head: %.*s", SPAN_FMT(buffer_span(&in)));
        FUZZ_CHECK(request_seal(arena, reader_raw(reader), &request, &detail) == REASON_OK, "%s", detail);
        buffer_consume(&in, size);
        request.now = 1700000000;
        reader_body_begin(reader, request.framing, request.length);
        buffer_clear(&body);
        status = reader_body(reader, &in, true, &body, SIZE_MAX / 2, false);
        tunnel = request.operation && request.operation->reply >= REPLY_HIJACK;
        if (status != READ_END && policy_wants_body(policy, &request))
            break; /* cut off: the engine can't act on it */
        if (buffer_size(&body) > 0 && policy_wants_body(policy, &request))
            FUZZ_CHECK(body_parse(arena, buffer_span(&body), &tree, &detail) == REASON_OK, "%s", detail);
        policy_decide(policy, &request, tree, arena, &verdict);
        FUZZ_CHECK(verdict_forwards(&verdict) || is_ours(&request), "it arrived, denied: %s %s: %s",
                   method_name(request.method), target_format(arena, &request.target),
                   verdict_detail(&verdict));
        if (status != READ_END)
            break;
        reader_reset(reader);
    }
    buffer_done(&in);
    buffer_done(&body);
    reader_free(reader);
}

/* --- */

static void play_end(Play *play) {
    play_close(&play->client_fd);
    for (unsigned i = 0; i < TURNS && play->client; i++) {
        play_turn(play);
        if (i == TURNS / 2)
            for (size_t k = 0; k < play->n_engines; k++)
                play_close(&play->engine_fds[k]);
    }
    FUZZ_CHECK(!play->client, "both ends are gone, the client is not");
    for (size_t k = 0; k < play->n_engines; k++)
        play_close(&play->engine_fds[k]);
    play_turn(play);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzInput input = {data, size};
    Span steps = fuzz_line(&input);
    Play play = {0};
    const ClientOwner owner = {on_closed, on_turned_away, &play};
    Subject subject = {.has_creds = true, .pid = 1, .uid = 1000, .gid = 1000};
    unsigned listener;
    size_t n_client;

    if (!world.config)
        fuzz_world_begin(&world, POLICIES, ARRAY_SIZE(POLICIES), CONFIG);
    listener = steps.size > 0 ? (unsigned char) steps.data[0] % (unsigned) world.n_listeners : 0;
    n_client = fuzz_byte(&input) << 8;
    n_client += fuzz_byte(&input);
    if (n_client > input.size)
        n_client = input.size;
    play.client_left = (Span){(const char *) input.p, n_client};
    play.engine_left = (Span){(const char *) input.p + n_client, input.size - n_client};
    play.client = fuzz_world_connect(&world, listener, &owner, &subject, &play.client_fd);
    for (size_t i = 1; i < steps.size && i < STEPS; i++)
        play_step(&play, (unsigned char) steps.data[i]);
    play_end(&play);
    fuzz_world_forget(&world);
    for (size_t i = 0; i < play.n_engines; i++) {
        check_arrived(world.config->listeners[listener].policy, buffer_span(&play.arrived[i]));
        buffer_done(&play.arrived[i]);
    }
    return 0;
}
