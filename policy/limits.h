// SPDX-License-Identifier: Apache-2.0
/*
 * Every number that bounds something, with its unit and why it has that value. What an operator may
 * change (the config's `limits:`) has its default and its bounds here. A test hits each, and one past it.
 */
#pragma once

#include <stdint.h>

/* --- One exchange ------------------------------------------------------------------------------ */

/* Arena of one exchange, bytes: the head, decoded target, findings and the verdict's sentences. */
#define LIMIT_ARENA_BYTES (4u << 20)

/* --- Request head ------------------------------------------------------------------------------- */

/* Go's server takes 1 MiB (T-064); no Docker client sends more than a few KiB but X-Registry-Config. */
#define LIMIT_HEADER_BYTES_DEFAULT (64u << 10)
#define LIMIT_HEADER_BYTES_MIN (1u << 10)
#define LIMIT_HEADER_BYTES_MAX (256u << 10)
#define LIMIT_HEADERS 100u             /* fields in one head (T-064) */
#define LIMIT_TARGET_BYTES (32u << 10) /* request-target: `filters` and `buildargs` live in the query */
#define LIMIT_PATH_SEGMENTS 32u        /* an image name has a handful, a route at most five */
#define LIMIT_QUERY_PAIRS 256u         /* `t`, `names`, `changes` may repeat */
#define LIMIT_TRAILER_BYTES (8u << 10) /* trailers are dropped, but must be read */

/* --- Request body ------------------------------------------------------------------------------- */

#define LIMIT_BODY_BYTES_DEFAULT (1u << 20) /* of a body that is judged (T-038) */
#define LIMIT_BODY_BYTES_MIN (1u << 10)     /* less than any create's body would only refuse */
#define LIMIT_BODY_BYTES_MAX (16u << 20)
/* Of JSON options sent once more where no body is read (dockerode). */
#define LIMIT_SKIPPED_BODY_BYTES (4u << 10)
/* The same of `start`: on more than these an old dockerd acts (T-070). */
#define LIMIT_SKIPPED_START_BYTES 7u
#define LIMIT_JSON_DEPTH 64u   /* Go takes 10000 (T-039); no field of the API is deeper than 12 */
#define LIMIT_JSON_KEYS 16384u /* keys of one body, all objects together */
/* Values of one body: an empty object is two bytes of it and some 200 of memory. */
#define LIMIT_JSON_VALUES 32768u
/*
 * Memory of one body's tree, bytes: so many times the body's, and a base. What clients send takes 3 to 6
 * times its size, and published ports 16 times: they are what the base is for, when the tables of both of
 * their maps have just doubled (2049 of them need 35 KiB more than 16 times). `{"Image":"a"}`, 13 bytes,
 * takes 2 KiB. Of what only attackers send, `[{},{},…]` would take 69 times its size.
 */
#define LIMIT_JSON_MEMORY_TIMES 16u
#define LIMIT_JSON_MEMORY_BASE (40u << 10)
#define LIMIT_HOST_PATHS 64u   /* bind mounts of one body */
#define LIMIT_FINDINGS 64u     /* what one judgement reports; the first decides */
#define LIMIT_VALUE_SHOWN 256u /* bytes of an offending value that a reason quotes */

/* --- Facts of a body, in the audit trail ------------------------------------------------------------ */

#define LIMIT_FACTS 512u            /* of one body: a create that publishes a hundred ports has 300 */
#define LIMIT_FACT_BYTES 1024u      /* of one value: paths and image references are shorter */
#define LIMIT_FACT_FIELD_BYTES 512u /* of one place: a label's key may be long */
/* Places and values of one body: what a record grows by, before escapes. */
#define LIMIT_FACTS_BYTES (32u << 10)

/* --- Looks at the engine ------------------------------------------------------------------------ */

#define LIMIT_NEEDS 64u /* objects that one request may make us look at; compose's largest have a dozen */
/*
 * Of one answer: an inspect has some 10 KiB, five outputs of a health check 20 KiB, labels and Env the rest.
 */
#define LIMIT_LOOK_BYTES (1u << 20)
#define LIMIT_LOOK_NAME_BYTES 255u /* a file's name, which a volume's is; no engine takes a longer one */
#define TIME_LOOK_SECONDS 10u      /* for all of one request's looks; dockerd's inspect waits for a start */

/* --- Answers ------------------------------------------------------------------------------------ */

/*
 * Of an answer that is looked at, before and after: an inspect has some 10 KiB, a list of a thousand
 * containers some 2 MiB. What an event tells is bounded by its container's labels.
 */
#define LIMIT_ANSWER_BYTES (16u << 20)
#define LIMIT_ANSWER_LINE_BYTES (1u << 20)
/* All that are being looked at together: else many clients could ask for many of them at once. */
#define LIMIT_ANSWERS_BYTES (128u << 20)
/*
 * Inspects that are kept for `answers: {restore: true}`, as they came and as they went, some 20 KiB together:
 * of one policy as many as a large host has containers, and of all.
 */
#define LIMIT_KEPT_OBJECT_BYTES (256u << 10)
#define LIMIT_KEPT_OBJECTS 256u
#define LIMIT_KEPT_POLICY_BYTES (4u << 20)
#define LIMIT_KEPT_BYTES (32u << 20)
#define TIME_KEPT_SECONDS 3600u /* between an updater's inspect and its create: it pulls an image */
/*
 * What is known of exec instances and their containers: from a ContainerExec to its start are milliseconds.
 */
#define LIMIT_KNOWN_OBJECT_BYTES (64u << 10)
#define LIMIT_KNOWN_OBJECTS 256u
#define LIMIT_KNOWN_BYTES (4u << 20)
#define TIME_KNOWN_SECONDS 60u
#define LIMIT_ANSWER_NAME_BYTES 1024u /* of a variable or label that patterns are held against */

/* --- Policy ------------------------------------------------------------------------------------- */

#define LIMIT_CONFIG_BYTES (4u << 20)
#define LIMIT_CONFIG_ARENA_BYTES (256u << 20) /* a tree of LIMIT_CONFIG_BYTES of one-letter items */
#define LIMIT_CONFIG_DEPTH 16u
#define LIMIT_CONFIG_ERRORS 100u /* mistakes reported of one file */
#define LIMIT_PATTERN_BYTES 1024u
#define LIMIT_POLICIES 1024u
#define LIMIT_POLICY_NAME_BYTES 64u /* a name stands in each sentence and record */
/* All compiled policies of one config: some 100 bytes an entry, so more than a hundred thousand entries. */
#define LIMIT_POLICY_BYTES (16u << 20)
#define LIMIT_PROTECT_PATHS 256u /* of the config; each bind mount is held against all of them */
#define LIMIT_LISTENERS 256u
/* Of one allow_uids, allow_gids, allow_containers, allow_units or allow_from. */
#define LIMIT_LISTENER_ITEMS 1024u
#define LIMIT_AUDIT_SINKS 16u
#define LIMIT_INCLUDE_DEPTH 16u
/* Windows of one `when`: two a day. Each is looked at for each request that the entry speaks of. */
#define LIMIT_WHEN_WINDOWS 14u
#define LIMIT_ZONES 64u /* time zones of one config: each takes some milliseconds when it is loaded */
#define LIMIT_ZONE_NAME_BYTES 64u /* the longest there is has 32 */
/* Changes of its clock in the years that are known: Morocco's are two a year. */
#define LIMIT_ZONE_SPANS 1024u
#define LIMIT_ZONE_FILE_BYTES (64u << 10) /* tzdata's largest has 4 KiB */
/*
 * What a clock may say, seconds since 1970: the years 2000 to 2099. One that says something else was never
 * set, and past the end nobody has tables of time zones.
 */
#define TIME_CLOCK_FIRST INT64_C(946684800)
#define TIME_CLOCK_LAST INT64_C(4102444799)
#define LIMIT_RULE_CPUS 8192 /* limits.cpus: the kernel's own bound (NR_CPUS) */
/*
 * NanoCpus, at least: 0.01, the kernel's least quota (1 ms) in the engine's period (100 ms). Of less than
 * 0.00001 dockerd makes the quota 0 (daemon/daemon_unix.go, getCPUResources), which is none.
 */
#define LIMIT_NANO_CPUS_LEAST 10000000
/* Actions and parentheses of Go templates in a text, or in an environment: each may repeat the whole body. */
#define LIMIT_TEMPLATE_ACTIONS 32u
/* max-buffer-size of a log: the engine's memory, in no container's limit. Its own default is 1 MiB. */
#define LIMIT_LOG_BUFFER (16 << 20)
/* max-file of a log: dockerd renames as many at each rotation; two thousand million take it hours (20.10). */
#define LIMIT_LOG_FILES 1000u
#define LIMIT_RULE_PIDS 4194304 /* limits.pids: the kernel's PID_MAX_LIMIT */

/* --- Moving bytes ------------------------------------------------------------------------------- */

/*
 * One direction of one exchange holds at most LIMIT_CONN_IN of what was read and LIMIT_CONN_OUT of
 * what waits to be written, 128 KiB together: half of the 256 KiB we promise.
 */
#define LIMIT_CONN_IN (64u << 10)
#define LIMIT_CONN_OUT (64u << 10)
#define LIMIT_BUFFER_BYTES (1u << 31) /* what its 32-bit numbers tell, doubled up to; others come first */
/* Of a chunked body that are sent from where they lie; more are moved together. */
#define LIMIT_BODY_PIECES 16u
#define LIMIT_OUTBOX_BYTES (16u << 10) /* copied, so that they leave with what else a turn has to send */
#define LIMIT_OUTBOX_LINKS 1024u       /* connections that do so in one turn; more send at once */
#define LIMIT_SEND_PARTS (LIMIT_BODY_PIECES + 2u) /* written at once: those, and what frames them */
/*
 * Bytes that never come to user space (daemon/splicer.h): after how many of them, in reads of at least so
 * many each; how many are in a pipe while both buffers are empty, what a unix socket holds, for half as many
 * cost half as much again; of a chunked body, in chunks of at least how many, for each costs two calls more,
 * and below 24 KiB they take longer than a copy; and how many pipes there are, for as many streams with a
 * slow reader, 16 MiB of the kernel's memory, and as much in their sockets. Further ones are copied.
 */
#define LIMIT_SPLICE_AFTER (256u << 10)
#define LIMIT_SPLICE_LEAST (16u << 10)
#define LIMIT_SPLICE_BYTES (256u << 10)
#define LIMIT_SPLICE_CHUNK (32u << 10) /* what Docker copies at once */
#define LIMIT_SPLICE_PIPES 64u
#define LIMIT_HEAP_BLOCK_BYTES (128 << 10)    /* a larger block is the kernel's again once it is freed */
#define LIMIT_HEAP_SPARE_BYTES (1 << 20)      /* and free memory above all blocks in use, but for so much */
#define LIMIT_RESPONSE_HEAD_BYTES (64u << 10) /* of the engine's head */
#define LIMIT_RESPONSE_HEADERS 100u
#define LIMIT_INTERIM_RESPONSES 16u   /* 1xx heads before a final one */
#define LIMIT_LINGER_BYTES (4u << 20) /* discarded after an early answer, before the close */
#define TIME_LINGER_SECONDS 5u
#define TIME_LINGER_PAUSE_SECONDS 1u  /* behind these bytes: nothing is read any more, but not closed yet */
#define LIMIT_DRAIN_BYTES (64u << 10) /* body of a refused request that is read, to keep the connection */

/*
 * What a connection takes of memory while nothing comes, with the one to the engine that it keeps; and while
 * an answer is open that nothing hides parts of. A quarter of it is for what malloc and libevent add to our
 * own; tests/bench/run measures the whole.
 */
#define LIMIT_IDLE_BYTES 1024u
#define LIMIT_STREAM_BYTES 4096u

/* --- Daemon ------------------------------------------------------------------------------------- */

#define LIMIT_CONNECTIONS_DEFAULT 1024u
#define LIMIT_CONNECTIONS_MAX 65536u
#define LIMIT_CONNECTIONS_PER_CLIENT_DEFAULT 256u
#define LIMIT_ACCEPT_BATCH 64u               /* connections taken in one turn of the loop */
#define TIME_ACCEPT_PAUSE_MSEC 500u          /* after EMFILE, ENFILE, ENOBUFS, ENOMEM */
#define TIME_HELD_SECONDS 1u                 /* a client's process is held open behind its last connection */
#define LIMIT_AUDIT_PENDING_BYTES (1u << 20) /* records of one turn */
/* Kept for an outcome that there is no memory for: its reason has 1 KiB, each byte of it six in JSON. */
#define LIMIT_AUDIT_OUTCOME_BYTES (16u << 10)
/* How far from its end a file's last whole record is looked for; none is longer. */
#define LIMIT_AUDIT_TAIL_BYTES (2u << 20)
#define LIMIT_AUDIT_UNPACKED_BYTES (4ull << 30) /* of a rotated file, when the trail goes on from it */
#define LIMIT_AUDIT_QUEUE_BYTES (4u << 20)      /* that wait for journald or syslog: some thousand records */
/* Of one value in a syslog message: all of them stay below the 8 KiB that rsyslog takes (maxMessageSize). */
#define LIMIT_SYSLOG_VALUE_BYTES 256u
#define LIMIT_AUDIT_REPEATS 1024u /* kinds of denials that are counted at once; a multiple of 8 */
/* A key of Ed25519 in PEM has 119, with a certificate's words around it more. */
#define LIMIT_CHECKPOINT_KEY_BYTES (16u << 10)
#define LIMIT_CHECKPOINT_RECORDS 1000u /* `every`, if nothing else is said: some seconds of a busy gate */
#define LIMIT_CHECKPOINT_RECORDS_MAX 1000000u
#define LIMIT_GROUPS 1024u             /* supplementary groups of a client */
#define LIMIT_CGROUP_BYTES (64u << 10) /* of /proc/PID/cgroup: 13 hierarchies, a PATH_MAX each */
#define LIMIT_LOGIN_BYTES 10u          /* of /proc/PID/loginuid: the digits of 32 bits */
#define LIMIT_UNIT_BYTES 255u          /* of a unit's name (systemd's UNIT_NAME_MAX, less the NUL) */

/*
 * Listeners with their policies that are counted apart, over all configs since the start: some 10 KiB each,
 * and series for each operation and rule that was seen there. What comes later is counted as one.
 */
#define LIMIT_METRICS_PLACES 512u
/* To the metrics' socket: two Prometheus, a person with `top`, health checks. */
#define LIMIT_CONTROL_CONNECTIONS 16u
#define LIMIT_CONTROL_HEAD_BYTES (8u << 10)
#define LIMIT_CONTROL_STREAMS 64u /* open streams that /top lists, the oldest first */
/* For a request to come, and for its answer to be taken: Prometheus' own timeout. */
#define TIME_CONTROL_SECONDS 10u
#define TIME_HEALTH_SECONDS 5u      /* how long an answer of the engine to /_ping is good for /readyz */
#define TIME_HEALTH_WAIT_SECONDS 2u /* for that answer */

/* What an operator may set a time to: less would refuse everybody, more would be no limit. */
#define TIME_CONFIG_MIN_MSEC 10u
#define TIME_CONFIG_MAX_SECONDS (7u * 24u * 3600u)

#define TIME_AUDIT_SYNC_MSEC 1000u  /* `fsync: interval`, if nothing else is said */
#define TIME_AUDIT_QUEUE_SECONDS 5u /* that a record may wait for journald or syslog */
#define TIME_HEADER_SECONDS 10u
#define TIME_BODY_SECONDS 30u
#define TIME_IDLE_SECONDS (15u * 60u)
#define TIME_SHUTDOWN_GRACE_SECONDS 30u
#define TIME_CONNECT_SECONDS 5u
/* First byte of an answer that is not a stream: `docker commit` and `rm -v` of much data take minutes. */
#define TIME_RESPONSE_SECONDS (10u * 60u)
/* How often it is asked whether a stream may go on that a time-boxed entry admitted: clocks are set. */
#define TIME_GRANT_CHECK_SECONDS 10u
#define TIME_ENGINE_IDLE_SECONDS 60u
/* How often a peer that isn't read is looked at, for whether it is still there: nothing reports that. */
#define TIME_HANGUP_LOOK_SECONDS 1u
/* TCP keepalive, to clients and to the engine: a host that died is noticed on a quiet stream after two
 * minutes. */
#define TIME_KEEPALIVE_IDLE_SECONDS 60
#define TIME_KEEPALIVE_INTERVAL_SECONDS 15
#define LIMIT_KEEPALIVE_PROBES 4
/* At the end, how long after its accept a connection may still bring its request. */
#define TIME_FRESH_MSEC 1000u
#define LIMIT_LOOKUPS 4u            /* names looked up at once, a thread each: a reload may bring another */
#define LIMIT_RESOLVED_ADDRESSES 8u /* of the upstream's name that are tried */
