// SPDX-License-Identifier: Apache-2.0
#include "checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <nettle/base64.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "log.h"
#include "signer.h"

_Static_assert(CHECKPOINT_SIGNATURE_SIZE == BASE64_ENCODE_RAW_LENGTH(SIGNER_SIGNATURE_BYTES) + 1,
               "and its NUL");

struct Checkpoint {
    Signer *key;
    uint64_t every;
};

/* systemd gives a service its credentials in a folder that only it can enter. */
static int checkpoint_check_file(int fd, bool is_credential, const char **ret_why) {
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode)) {
        *ret_why = "it is no regular file";
        return -EINVAL;
    }
    if (!is_credential && st.st_mode & (S_IRWXG | S_IRWXO)) {
        *ret_why = "others may open it: chmod 0600";
        return -EPERM;
    }
    if (!is_credential && st.st_uid != 0 && st.st_uid != geteuid()) {
        *ret_why = "it belongs to somebody else";
        return -EPERM;
    }
    return 0;
}

static int checkpoint_read(const char *path, bool is_credential, Signer **ret, const char **ret_why) {
    Buffer pem = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    int r = fd < 0 ? -errno : checkpoint_check_file(fd, is_credential, ret_why);

    if (r == 0)
        r = file_read_fd(fd, LIMIT_CHECKPOINT_KEY_BYTES, &pem);
    if (fd >= 0)
        close(fd);
    if (r == 0 && buffer_size(&pem) > LIMIT_CHECKPOINT_KEY_BYTES) {
        *ret_why = "it is too large for a key";
        r = -EFBIG;
    }
    if (r == 0)
        r = signer_new(buffer_span(&pem), ret, ret_why);
    if (pem.data)
        explicit_bzero(pem.data, pem.capacity);
    buffer_done(&pem);
    return r;
}

int checkpoint_new(const Config *config, Checkpoint **ret) {
    Checkpoint *checkpoint;
    const char *why = NULL;
    char path[PATH_MAX];
    int r;

    *ret = NULL;
    if (!config_checkpoint_path(config, path, sizeof(path), &why)) {
        if (why)
            log_error("audit: checkpoints have no key: %s", why);
        return why ? -ENOENT : 0;
    }
    checkpoint = calloc(1, sizeof(*checkpoint));
    if (!checkpoint)
        return -ENOMEM;
    checkpoint->every = config->checkpoints.every;
    r = checkpoint_read(path, config->checkpoints.credential != NULL, &checkpoint->key, &why);
    if (r < 0) {
        log_error("audit: the key %s for checkpoints can't be used: %s", path, why ? why : strerror(-r));
        free(checkpoint);
        return r;
    }
    *ret = checkpoint;
    return 0;
}

Checkpoint *checkpoint_free(Checkpoint *checkpoint) {
    if (checkpoint)
        (void) signer_free(checkpoint->key);
    free(checkpoint);
    return NULL;
}

uint64_t checkpoint_every(const Checkpoint *checkpoint) {
    return checkpoint->every;
}

int checkpoint_sign(const Checkpoint *checkpoint, uint64_t seq, const char *prev,
                    char ret[static CHECKPOINT_SIGNATURE_SIZE]) {
    unsigned char signature[SIGNER_SIGNATURE_BYTES];
    char text[64 + CHAIN_HASH_SIZE];
    int n = snprintf(text, sizeof(text), "quaygate-checkpoint\n%llu\n%s", (unsigned long long) seq,
                     prev ? prev : "");
    int r = signer_sign(checkpoint->key, (Span){.data = text, .size = (size_t) n}, signature);

    if (r < 0)
        return r;
    base64_encode_raw(ret, sizeof(signature), signature);
    ret[CHECKPOINT_SIGNATURE_SIZE - 1] = '\0';
    return 0;
}
