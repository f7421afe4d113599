// SPDX-License-Identifier: Apache-2.0
/*
 * What a client may see of an answer: a JSON text in, the same text out with what the policy hides replaced
 * (answers.h, view.def), byte for byte else. Pure, and without memory of its own: what comes out goes to a
 * sink.
 *
 * A View is chosen for a request, from its operation and the policy's `answers:`; what its edits are is
 * settled then. The daemon (filter.h) feeds it whole documents or whole lines.
 *
 * Under a policy with a scope, objects are cut out: `keep` is asked of each object of a list before anything
 * of it is put out: each element of an array at the root (ContainerList, NetworkList, …), each element of an
 * array, or member of an object, that stands below a key named in the operation's row of view_scopes[]
 * (VolumeList's Volumes, the four of SystemDataUsage, Containers of NetworkInspect); each line of a stream;
 * and the whole answer where the row says so. Of names in such lists (RepoTags) it is asked, too. It gets the
 * value's own bytes, as the engine sent them, to parse as it likes. What it drops is cut out with its comma,
 * and a line with its end; where it is unsure the whole answer fails. view_choose puts one there that is
 * never sure; scope_keep.h is the one that knows.
 */
#pragma once

#include "answers.h"
#include "placeholder.h"
#include "policy.h"

/* A keyed hash of `value` (a string as it stands in the text); false: it can't be made. */
typedef bool (*ViewHash)(void *ctx, Span value, unsigned char ret[static PLACEHOLDER_HASH_BYTES]);

typedef enum ViewChoice {
    VIEW_UNSURE = 0, /* the answer fails */
    VIEW_KEEP,
    VIEW_DROP,
} ViewChoice;

typedef struct ViewObject {
    Span list;  /* key of the list it is in: "Volumes"; empty at the root, and of a line */
    Span name;  /* its own key, where the list is an object; else empty */
    Span bytes; /* "{…}", or a string with its quotes */
} ViewObject;

typedef struct ViewKeep {
    ViewChoice (*ask)(void *ctx, const ViewObject *object); /* NULL: all are kept */
    void *ctx;
} ViewKeep;

/* Asked of what stands inside of strings: an ID that a failure tells, a container that another one names. */
#define VIEW_LIST_IDS "(ids)"
#define VIEW_LIST_PEERS "(peers)"

#define VIEW_SLOTS 64u /* of the table of edits */
#define VIEW_EDITS 96u /* rows of view.def; at most 255 */

typedef struct View {
    const Answers *answers; /* the policy's */
    AnswerKind kind;
    bool many;           /* more than one JSON text may follow each other: of no known operation */
    bool top_is_renamed; /* ContainerTop: the client names the columns itself */
    bool whole;          /* `keep` is asked of the answer itself */
    bool sentence;       /* of a failure: no JSON is the engine's own words, as a whole */
    bool hides_peers;    /* events don't tell which container a network or volume was attached to */
    const char *lists;   /* names of lists, each with a space behind it */
    ViewKeep keep;
    unsigned char first[VIEW_SLOTS]; /* edits in force, by key: their number plus one; 0: none */
    unsigned char next[VIEW_EDITS];
} View;

/*
 * Chooses for a request that the policy lets through. False: nothing of the answer is hidden, it is to be
 * moved untouched (unless `keep` is set afterwards).
 */
bool view_choose(const Policy *policy, const Request *request, View *ret);

/*
 * The same for the answer of a failure, of 400 or above. What the engine says then quotes the request, with
 * one exception: ContainerTop's quotes what stands where it looked for a process ID (moby daemon/top_unix.go,
 * parsePSOutput: "Unexpected pid '%s'"), which is a word of a command line where the client chose the
 * columns. Its message is hidden like those, and so is that of a request whose body had hidden values put
 * back (`restored`, restore.h), which the engine may quote: a mount's source that isn't there, an option. But
 * not of 404 and 409, which name an image, a network or a container.
 *
 * Under a scope the sentences of all failures go by `keep`, ID by ID: who has a name, and who uses a volume,
 * a network or an image is told there (moby daemon/names.go, volume/service, daemon/images/image_delete.go,
 * libnetwork's ActiveEndpointsError).
 */
bool view_choose_failure(const Policy *policy, const Request *request, unsigned status, bool restored,
                         View *ret);

/* Takes the next bytes; false: no memory, or no room. */
typedef struct ViewSink {
    bool (*put)(void *ctx, Span bytes);
    void *ctx;
} ViewSink;

/*
 * The text as the client may see it, to `sink`. REASON_OK; else what went to the sink must be thrown away:
 * REASON_ANSWER_UNREADABLE (no JSON text for certain), REASON_ANSWER_TOO_LARGE (nested too deep),
 * REASON_ANSWER_OTHERS (all of it is out of the scope), REASON_NO_MEMORY. A line that isn't kept is
 * REASON_OK, and nothing comes out.
 */
Reason view_run(const View *view, ViewHash hash, void *hash_ctx, Span text, const ViewSink *sink);
