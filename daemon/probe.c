// SPDX-License-Identifier: Apache-2.0
#include "probe.h"

#include <stdlib.h>

#include "res_read.h"

struct Probe {
    const Env *env;
    Engine *engine;
    Reader *reader;
    const char *path;
    bool sent;
    ProbeState state;
    unsigned status;
    unsigned api_minor;
};

Probe *probe_new(const Env *env, const Config *config, const char *path, ConnNotify wake, void *arg) {
    Probe *probe = calloc(1, sizeof(*probe));

    if (!probe)
        return NULL;
    *probe = (Probe){.env = env, .path = path, .state = PROBE_RUNNING};
    probe->reader = reader_new(READER_RESPONSE);
    probe->engine = engine_connect(env->base, env->outbox, env->resolver, &config->upstream, wake, arg);
    if (!probe->reader || !probe->engine)
        return probe_free(probe);
    return probe;
}

Probe *probe_free(Probe *probe) {
    if (!probe)
        return NULL;
    engine_close(probe->engine, probe->env->reaper);
    reader_free(probe->reader);
    free(probe);
    return NULL;
}

static ProbeState probe_send(Probe *probe) {
    Conn *conn = &probe->engine->conn;

    probe->sent = true;
    if (buffer_printf(&conn->out, "GET %s HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n",
                      probe->path) < 0)
        return PROBE_FAILED;
    conn_flush(conn);
    return PROBE_RUNNING;
}

static ProbeState probe_read(Probe *probe) {
    Conn *conn = &probe->engine->conn;
    const char *detail = NULL;
    Reason reason = REASON_UNDECIDED;
    ResponseHead head;
    size_t size = 0;

    switch (reader_head(probe->reader, buffer_span(&conn->in), LIMIT_RESPONSE_HEAD_BYTES, &size, &reason,
                        &detail)) {
    case READ_HEAD:
        break;
    case READ_MORE:
        return conn->eof || conn->error ? PROBE_FAILED : PROBE_RUNNING;
    case READ_FAILED:
    case READ_FULL:
    case READ_END:
        return PROBE_FAILED;
    }
    if (res_read_head(probe->reader, false, &head, &detail) != REASON_OK || head.interim)
        return PROBE_FAILED;
    probe->status = head.status;
    probe->api_minor = head.api_minor;
    return PROBE_DONE;
}

ProbeState probe_run(Probe *probe) {
    if (probe->state != PROBE_RUNNING || probe->engine->state == ENGINE_CONNECTING)
        return probe->state;
    if (probe->engine->state == ENGINE_FAILED)
        probe->state = PROBE_FAILED;
    else if (!probe->sent)
        probe->state = probe_send(probe);
    if (probe->state == PROBE_RUNNING)
        probe->state = probe_read(probe);
    return probe->state;
}

unsigned probe_status(const Probe *probe) {
    return probe->status;
}

unsigned probe_api_minor(const Probe *probe) {
    return probe->api_minor;
}
