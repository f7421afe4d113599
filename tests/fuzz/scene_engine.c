// SPDX-License-Identifier: Apache-2.0
#include "scene_engine.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- answers */

/* Of "kxPATH STATUS\n…": does it answer `path`? */
static bool part_is_for(Span part, Span path, unsigned *ret_status) {
    Span line = {part.data + 2,
                 part.size > 2 ? scene_text_line_size((Span){part.data + 2, part.size - 2}) : 0};
    const char *blank = line.size > 0 ? memchr(line.data, ' ', line.size) : NULL;

    if (part.size < 3 || part.data[0] != 'k')
        return false;
    *ret_status = 200;
    if (blank) {
        unsigned status = 0;

        for (const char *p = blank + 1; p < line.data + line.size && *p >= '0' && *p <= '9' && status < 1000;
             p++)
            status = 10 * status + (unsigned) (*p - '0');
        *ret_status = status >= 200 && status < 600 ? status : 200;
        line.size = (size_t) (blank - line.data);
    }
    return span_equals(line, path);
}

static const Span *scene_find_key(Scene *scene, Span path, unsigned *ret_status) {
    const Span *found = NULL;
    unsigned status, n = 0, *n_asked = NULL;

    for (size_t i = 0; i < scene->text.n; i++) {
        if (!part_is_for(scene->text.parts[i], path, &status))
            continue;
        n_asked = n_asked ? n_asked : &scene->n_asked[i];
        if (n++ > *n_asked)
            break;
        found = &scene->text.parts[i];
        *ret_status = status;
    }
    if (n_asked)
        ++*n_asked;
    return found;
}

static const Span *scene_take_answer(Scene *scene) {
    while (scene->next_answer < scene->text.n) {
        const Span *part = &scene->text.parts[scene->next_answer++];

        if (part->size > 1 && memchr("jan", part->data[0], 3))
            return part;
    }
    return NULL;
}

/* An answer as HTTP; how: its length, chunks, or the end. */
static void line_answer(Line *line, unsigned status, unsigned how, Span body) {
    int r = buffer_printf(&line->out,
                          "HTTP/1.1 %u Whatever\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\n",
                          status);

    if (r == 0 && status == 204)
        r = buffer_append(&line->out, SPAN("\r\n"));
    else if (r == 0 && how % 4 == 1) {
        r = buffer_append(&line->out, SPAN("Transfer-Encoding: chunked\r\n\r\n"));
        for (size_t n; r == 0 && body.size > 0; body = (Span){body.data + n, body.size - n}) {
            n = how % 8 == 1 && body.size > 7 && body.size < 4096 ? 7 : body.size;
            r = buffer_printf(&line->out, "%zx\r\n", n) || buffer_append(&line->out, (Span){body.data, n}) ||
                buffer_append(&line->out, SPAN("\r\n"));
        }
        r = r || buffer_append(&line->out, SPAN("0\r\n\r\n"));
    } else if (r == 0 && how % 4 == 3) {
        line->ends = true;
        r = buffer_append(&line->out, SPAN("\r\n")) || buffer_append(&line->out, body);
    } else if (r == 0)
        r = buffer_printf(&line->out, "Content-Length: %zu\r\n\r\n", body.size) ||
            buffer_append(&line->out, body);
    FUZZ_CHECK(r == 0, "no memory");
}

static void line_answer_default(Line *line) {
    const Request *request = &line->request;

    if (request->operation && strcmp(request->operation->id, "SystemPing") == 0)
        line_answer(line, 200, 0, SPAN("OK"));
    else if (line->question)
        line_answer(line, 404, 0, SPAN("{\"message\":\"No such thing\"}"));
    else if (request->wants_upgrade && line->phase == PHASE_RAW)
        FUZZ_CHECK(buffer_append(&line->out, SPAN("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\n"
                                                  "Upgrade: tcp\r\n\r\n")) == 0,
                   "no memory");
    else
        line_answer(line, 200, 0, SPAN("{}"));
}

static void question_hear(Scene *scene, Question *question, unsigned status, Span body) {
    char *copy = arena_copy(scene->check.arena, body);

    FUZZ_CHECK(copy != NULL, "no memory");
    question->status = status;
    question->body = (Span){copy, body.size};
}

/* What the script has for the request that stands there. */
static void scene_answer(Scene *scene, Line *line) {
    CLEANUP(buffer_done) Buffer body = {0};
    unsigned status = 0, how;
    const Span *part =
        line->request.method == METHOD_GET ? scene_find_key(scene, line->request.target.path, &status) : NULL;
    bool keyed = part != NULL;

    if (!part)
        part = scene_take_answer(scene);
    if (!part) {
        if (line->question)
            question_hear(scene, line->question, 404, SPAN("{\"message\":\"No such thing\"}"));
        return line_answer_default(line);
    }
    how = (unsigned char) part->data[1];
    if (part->data[0] == 'n') {
        line->question = NULL;
        return;
    }
    scene_text_expand(&scene->text,
                      keyed ? scene_text_behind_line(*part) : (Span){part->data + 2, part->size - 2},
                      buffer_span(&scene->heard), &body);
    if (part->data[0] == 'a') {
        scene->check.unsure |= line->question != NULL;
        line->question = NULL;
        FUZZ_CHECK(buffer_append(&line->out, buffer_span(&body)) == 0, "no memory");
        return;
    }
    status = keyed ? status : 200;
    if (line->question)
        question_hear(scene, line->question, status, status == 204 ? SPAN("") : buffer_span(&body));
    line_answer(line, status, how, buffer_span(&body));
}

/* --- the engine */

void scene_line_close(Line *line) {
    if (line->fd >= 0)
        close(line->fd);
    line->fd = -1;
}

static void line_flush(Scene *scene, Line *line) {
    Span out = buffer_span(&line->out);
    ssize_t n;

    if (line->fd < 0 || out.size == 0)
        return;
    n = send(line->fd, out.data, out.size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n <= 0)
        return;
    scene->moved = true;
    buffer_consume(&line->out, (size_t) n);
    if (buffer_size(&line->out) > 0)
        return;
    if (line->question)
        line->question->told = true;
    line->question = NULL;
    if (line->ends)
        (void) shutdown(line->fd, SHUT_WR);
}

static bool line_read_head(Scene *scene, Line *line) {
    const char *detail = NULL;
    Reason reason = REASON_UNDECIDED;
    size_t size = 0;
    Span head;
    ReadStatus status =
        reader_head(line->reader, buffer_span(&line->in), LIMIT_HEADER_BYTES_MAX, &size, &reason, &detail);

    if (status == READ_MORE)
        return false;
    FUZZ_CHECK(status == READ_HEAD, "what arrived is no head: %.*s", SPAN_FMT(buffer_span(&line->in)));
    line->request = (Request){0};
    FUZZ_CHECK(request_seal(scene->check.arena, reader_raw(line->reader), &line->request, &detail) ==
                   REASON_OK,
               "%s", detail);
    head = (Span){buffer_span(&line->in).data, size};
    line->question = check_arrived(&scene->check, head, &line->request);
    buffer_consume(&line->in, size);
    reader_body_begin(line->reader, line->request.framing, line->request.length);
    buffer_clear(&line->body);
    line->phase = PHASE_BODY;
    return true;
}

static bool line_read_body(Scene *scene, Line *line) {
    ReadStatus status = reader_body(line->reader, &line->in, false, &line->body, SIZE_MAX / 2, false);
    bool whole = status == READ_END;

    FUZZ_CHECK(status == READ_END || status == READ_MORE, "a body's framing");
    if (!line->question)
        check_arrived_body(&scene->check, buffer_span(&line->body), whole);
    if (!whole)
        return false;
    reader_reset(line->reader);
    line->phase = !line->question && scene->check.upgrades ? PHASE_RAW : PHASE_HEAD;
    scene_answer(scene, line);
    return true;
}

static void line_think(Scene *scene, Line *line) {
    bool goes_on = true;

    while (goes_on)
        switch (line->phase) {
        case PHASE_HEAD:
            goes_on = buffer_size(&line->in) > 0 && line_read_head(scene, line);
            break;
        case PHASE_BODY:
            goes_on = line_read_body(scene, line);
            break;
        case PHASE_RAW:
            check_arrived_raw(&scene->check, buffer_span(&line->in));
            goes_on = false;
            break;
        case PHASE_GONE:
            goes_on = false;
            break;
        }
}

ssize_t scene_hear(int fd, Buffer *into) {
    static char bytes[256 << 10];
    ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

    if (n > 0)
        FUZZ_CHECK(buffer_append(into, (Span){bytes, (size_t) n}) == 0, "no memory");
    return n;
}

static void line_turn(Scene *scene, Line *line) {
    ssize_t n;

    if (line->fd < 0)
        return;
    if (!scene->engine_paused && line->phase != PHASE_GONE) {
        n = scene_hear(line->fd, &line->in);
        scene->moved |= n > 0;
        if (n > 0)
            line_think(scene, line);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            line->phase = PHASE_GONE;
    }
    line_flush(scene, line);
}

static void scene_accept(Scene *scene, int listener) {
    int fd;

    while (scene->n_lines < ENGINES &&
           (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        Line *line = &scene->lines[scene->n_lines++];

        *line = (Line){.fd = fd, .reader = reader_new(READER_REQUEST)};
        FUZZ_CHECK(line->reader != NULL, "no memory");
        scene->moved = true;
    }
}

Line *scene_last_line(Scene *scene) {
    return scene->n_lines > 0 ? &scene->lines[scene->n_lines - 1] : NULL;
}

void scene_engine_turn(Scene *scene, int listener) {
    scene_accept(scene, listener);
    for (size_t i = 0; i < scene->n_lines; i++)
        line_turn(scene, &scene->lines[i]);
}

/* Those past ENGINES still wait at the door: what they have asked is not for the next scene's engine to hear.
 */
static void scene_turn_away(int listener) {
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
        close(fd);
}

void scene_engine_done(Scene *scene, int listener) {
    scene_turn_away(listener);
    for (size_t i = 0; i < scene->n_lines; i++) {
        reader_free(scene->lines[i].reader);
        buffer_done(&scene->lines[i].in);
        buffer_done(&scene->lines[i].body);
        buffer_done(&scene->lines[i].out);
    }
}
