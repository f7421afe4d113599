// SPDX-License-Identifier: Apache-2.0
/*
 * A scene: a client with a script, and an engine that answers by it, with all between them that looks,
 * scopes, hidden answers, values put back, grants and long streams bring. What must hold is in scene_check.h;
 * and
 *
 *   - what the policy hides reaches neither the client nor the trail;
 *   - when both are gone no connection, descriptor or pipe is left, and memory doesn't grow.
 *
 * An input is the number of a policy, and parts (scene_text.h), by their first byte and a second one:
 *
 *   r  a request of the client, as HTTP: "METHOD TARGET\nBODY"; the second byte says how the body comes
 *   c  bytes of the client; e  bytes of the engine on its last connection
 *   k  "PATH[ STATUS]\nBODY": an answer to each GET of that path, whatever version; of several the n-th to
 * the n-th; the second byte says how it comes j  a good answer to whatever else is asked, each to one; a  the
 * same as bytes; n  none s  steps, a byte each: see scene_step()
 */
#include "scene_engine.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz_fakes.h"
#include "tests/support/splice_refusal.h"

#define TURNS 24u /* of the loop, at most, until a part has had all its effect */
#define TURN_USEC 100u
#define DESCRIPTORS 96
#define GROWTH_BYTES (4u << 20) /* over all inputs of a process: what libraries keep */

static const char *const POLICIES[] = {"everything", "team",   "mine",     "project", "named",
                                       "both",       "inside", "restores", "timed",   "watched"};

static FuzzWorld world;

/* --- the play */

static void on_closed(void *arg, Client *client UNUSED) {
    ((Scene *) arg)->client = NULL;
}

static void on_turned_away(void *arg UNUSED, Client *client UNUSED) {
}

static void scene_client_turn(Scene *scene) {
    Span out = buffer_span(&scene->out);
    ssize_t n;

    if (scene->fd < 0)
        return;
    n = out.size > 0 ? send(scene->fd, out.data, out.size, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
    if (n > 0) {
        check_client_said(&scene->check, (Span){out.data, (size_t) n});
        buffer_consume(&scene->out, (size_t) n);
        scene->moved = true;
    }
    while (!scene->client_paused && (n = scene_hear(scene->fd, &scene->heard)) > 0)
        scene->moved = true;
}

static void scene_turn(Scene *scene) {
    fake_pass(TURN_USEC);
    fake_on_send_arg = &scene->check;
    fake_on_send = check_sends;
    (void) event_base_loop(world.env.base, EVLOOP_NONBLOCK);
    fake_on_send = NULL;
    scene_engine_turn(scene, world.engine_listener);
    scene_client_turn(scene);
}

/* Until nothing moves any more. Twice: what a callback has put off comes in the turn after. */
static void scene_settle(Scene *scene) {
    unsigned quiet = 0;

    for (unsigned i = 0; i < TURNS && quiet < 2; i++) {
        scene->moved = false;
        scene_turn(scene);
        quiet = scene->moved ? 0 : quiet + 1;
    }
}

static bool scene_is_open_to_engine(const Scene *scene) {
    for (size_t i = 0; i < scene->n_lines; i++)
        if (scene->lines[i].fd >= 0 && scene->lines[i].phase == PHASE_RAW)
            return true;
    return false;
}

static void scene_jump(Scene *scene, unsigned how) {
    fake_pass((uint64_t) 1000000 << how % 8);
    scene_settle(scene);
    if (!scene->engine_paused)
        check_time(&scene->check, scene_is_open_to_engine(scene));
}

static void scene_step(Scene *scene, char step) {
    Line *line = scene_last_line(scene);

    switch (step) {
    case 'w':
        if (scene->fd >= 0)
            (void) shutdown(scene->fd, SHUT_WR);
        break;
    case 'x':
        if (scene->fd >= 0)
            close(scene->fd);
        scene->fd = -1;
        break;
    case 'W':
        if (line && line->fd >= 0)
            (void) shutdown(line->fd, SHUT_WR);
        break;
    case 'X':
        if (line)
            scene_line_close(line);
        break;
    case 'p':
        scene->client_paused = true;
        break;
    case 'P':
        scene->engine_paused = true;
        break;
    case 'g':
        scene->client_paused = scene->engine_paused = false;
        break;
    case 'i':
        splice_refuse_in = EINVAL;
        break;
    case 'o':
        splice_refuse_out = EINVAL;
        break;
    case '.':
        scene_turn(scene);
        break;
    default:
        if (step >= '0' && step <= '7')
            scene_jump(scene, (unsigned) (step - '0'));
        break;
    }
}

/* "METHOD TARGET\nBODY" */
static void scene_request(Scene *scene, unsigned how, Span text) {
    static const char *const heads[] = {
        "Content-Type: application/json\r\n",
        "Content-Type: application/json\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n",
        "Content-Type: application/x-tar\r\n",
        "Expect: 100-continue\r\n",
    };
    CLEANUP(buffer_done) Buffer plain = {0};
    Span body;
    size_t first;
    int r;

    scene_text_expand(&scene->text, text, buffer_span(&scene->heard), &plain);
    text = buffer_span(&plain);
    first = scene_text_line_size(text);
    body = scene_text_behind_line(text);
    r = buffer_printf(&scene->out, "%.*s HTTP/1.1\r\nHost: d\r\n%s", (int) first, text.data,
                      body.size > 0 || how % 4 == 1 ? heads[how % 4] : "");
    if (r == 0 && body.size > 0 && how % 8 >= 4)
        r = buffer_printf(&scene->out, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", body.size) ||
            buffer_append(&scene->out, body) || buffer_append(&scene->out, SPAN("\r\n0\r\n\r\n"));
    else if (r == 0 && body.size > 0)
        r = buffer_printf(&scene->out, "Content-Length: %zu\r\n\r\n", body.size) ||
            buffer_append(&scene->out, body);
    else if (r == 0)
        r = buffer_append(&scene->out, SPAN("\r\n"));
    FUZZ_CHECK(r == 0, "no memory");
}

static void scene_part(Scene *scene, Span part) {
    Line *line = scene_last_line(scene);
    Span text = {part.data + 2, part.size - 2};

    switch (part.data[0]) {
    case 'r':
        scene_request(scene, (unsigned char) part.data[1], text);
        break;
    case 'c':
        scene_text_expand(&scene->text, text, buffer_span(&scene->heard), &scene->out);
        break;
    case 'e':
        if (!line)
            return;
        /* Said before it was asked: nobody knows which request this answers. */
        scene->check.unsure |= line->phase != PHASE_RAW;
        scene_text_expand(&scene->text, text, buffer_span(&scene->heard), &line->out);
        break;
    case 's':
        for (size_t i = 1; i < part.size && i < 32; i++)
            scene_step(scene, part.data[i]);
        break;
    default:
        return;
    }
    scene_settle(scene);
}

/* Both are gone, the client first, and time passes. */
static void scene_end(Scene *scene) {
    if (scene->fd >= 0)
        close(scene->fd);
    scene->fd = -1;
    scene->engine_paused = false;
    for (unsigned i = 0; i < TURNS && scene->client; i++) {
        scene_turn(scene);
        if (i >= TURNS / 2) /* one that is asked anew, too */
            for (size_t k = 0; k < scene->n_lines; k++)
                scene_line_close(&scene->lines[k]);
        if (i > TURNS / 2)
            fake_pass(10000000);
    }
    FUZZ_CHECK(!scene->client, "both ends are gone, the client is not");
    for (size_t k = 0; k < scene->n_lines; k++)
        scene_line_close(&scene->lines[k]);
    scene_turn(scene);
    scene_turn(scene);
    (void) audit_flush(world.env.audit);
    check_end(&scene->check);
    if (scene->text.guarded) {
        FUZZ_CHECK(!memmem(buffer_span(&scene->heard).data, buffer_size(&scene->heard), SCENE_SECRET,
                           sizeof(SCENE_SECRET) - 1),
                   "the client was told what is hidden");
        FUZZ_CHECK(!memmem(buffer_span(&scene->check.lines).data, buffer_size(&scene->check.lines),
                           SCENE_SECRET, sizeof(SCENE_SECRET) - 1),
                   "what is hidden is on record");
    }
    FUZZ_CHECK(splicer_pipes(world.env.splicer) == 0, "%zu pipes are left", splicer_pipes(world.env.splicer));
    scene_engine_done(scene, world.engine_listener);
    buffer_done(&scene->out);
    buffer_done(&scene->heard);
    check_done(&scene->check);
}

/* --- what is left */

static unsigned descriptors_open(void) {
    struct pollfd fds[DESCRIPTORS];
    unsigned n = 0;

    for (int i = 0; i < DESCRIPTORS; i++)
        fds[i] = (struct pollfd){.fd = i};
    (void) poll(fds, DESCRIPTORS, 0);
    for (int i = 0; i < DESCRIPTORS; i++)
        n += !(fds[i].revents & POLLNVAL);
    return n;
}

size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t memory_taken(void) {
    return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes()
                                                   : mallinfo2().uordblks;
}

static void check_rest(unsigned descriptors, size_t memory) {
    static size_t grown;
    size_t now = memory_taken();

    FUZZ_CHECK(descriptors_open() == descriptors, "descriptors: %u before, %u left", descriptors,
               descriptors_open());
    grown += now > memory ? now - memory : 0;
    grown -= now < memory && memory - now < grown ? memory - now : 0;
    FUZZ_CHECK(grown < GROWTH_BYTES, "memory grows: by %zu bytes so far", grown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzInput input = {data, size};
    Scene *scene;
    const ClientOwner owner_of = {on_closed, on_turned_away, NULL};
    ClientOwner owner = owner_of;
    Subject subject = {.has_creds = true, .pid = 1, .uid = 1000, .gid = 1000};
    size_t listener, memory;
    unsigned descriptors;
    bool scoped;

    fake_begin();
    if (!world.config)
        fuzz_world_begin_file(&world, POLICIES, ARRAY_SIZE(POLICIES), FUZZ_SCENES);
    memory = memory_taken();
    descriptors = descriptors_open();
    scene = calloc(1, sizeof(*scene));
    FUZZ_CHECK(scene != NULL, "no memory");
    listener = fuzz_byte(&input) % world.n_listeners;
    owner.arg = scene;
    scoped = strcmp(POLICIES[listener], "team") == 0;
    scene_text_read(&scene->text, fuzz_rest(&input), scoped || strcmp(POLICIES[listener], "restores") == 0,
                    scoped);
    check_begin(&scene->check, &world, listener);
    scene->client = fuzz_world_connect(&world, listener, &owner, &subject, &scene->fd);
    for (size_t i = 0; i < scene->text.n; i++)
        if (scene->text.parts[i].size >= 2)
            scene_part(scene, scene->text.parts[i]);
    scene_end(scene);
    free(scene);
    fuzz_world_forget(&world);
    check_rest(descriptors, memory);
    fake_end();
    return 0;
}
