// SPDX-License-Identifier: Apache-2.0
#include "redactor.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/hmac.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

struct Redactor {
    struct hmac_sha256_ctx mac; /* with the key */
};

static int redactor_check_file(int fd, const char **ret_why) {
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode)) {
        *ret_why = "it is no regular file";
        return -EINVAL;
    }
    if (st.st_mode & (S_IRWXG | S_IRWXO)) {
        *ret_why = "others may open it: chmod 0600";
        return -EPERM;
    }
    if (st.st_uid != 0 && st.st_uid != geteuid()) {
        *ret_why = "it belongs to somebody else";
        return -EPERM;
    }
    return 0;
}

static int redactor_read_key(const char *path, Buffer *ret, const char **ret_why) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    int r = fd < 0 ? -errno : redactor_check_file(fd, ret_why);

    if (r == 0)
        r = file_read_fd(fd, REDACTOR_KEY_MAX, ret);
    if (fd >= 0)
        close(fd);
    if (r == 0 && (buffer_size(ret) < REDACTOR_KEY_MIN || buffer_size(ret) > REDACTOR_KEY_MAX)) {
        *ret_why = "a key has 32 to 4096 bytes";
        r = -EINVAL;
    }
    return r;
}

static int redactor_random_key(Buffer *ret) {
    char *room = buffer_reserve(ret, REDACTOR_KEY_MIN);

    if (!room)
        return -ENOMEM;
    if (getrandom(room, REDACTOR_KEY_MIN, 0) != (ssize_t) REDACTOR_KEY_MIN)
        return -EIO;
    buffer_commit(ret, REDACTOR_KEY_MIN);
    return 0;
}

int redactor_new(const char *key_file, Redactor **ret, const char **ret_why) {
    Redactor *redactor = calloc(1, sizeof(*redactor));
    Buffer key = {0};
    int r;

    *ret_why = NULL;
    if (!redactor)
        return -ENOMEM;
    r = key_file ? redactor_read_key(key_file, &key, ret_why) : redactor_random_key(&key);
    if (r == 0)
        hmac_sha256_set_key(&redactor->mac, buffer_size(&key), (const uint8_t *) buffer_span(&key).data);
    if (key.data)
        explicit_bzero(key.data, key.capacity);
    buffer_done(&key);
    if (r < 0)
        redactor_free(redactor);
    else
        *ret = redactor;
    return r;
}

Redactor *redactor_free(Redactor *redactor) {
    if (!redactor)
        return NULL;
    explicit_bzero(&redactor->mac, sizeof(redactor->mac));
    free(redactor);
    return NULL;
}

void redactor_swap(Redactor *redactor, Redactor *other) {
    Redactor kept = *redactor;

    *redactor = *other;
    *other = kept;
    explicit_bzero(&kept, sizeof(kept));
}

bool redactor_hash(void *arg, Span value, unsigned char ret[static PLACEHOLDER_HASH_BYTES]) {
    Redactor *redactor = arg;
    unsigned char digest[SHA256_DIGEST_SIZE];

    hmac_sha256_update(&redactor->mac, value.size, (const uint8_t *) value.data);
    hmac_sha256_digest(&redactor->mac, sizeof(digest), digest); /* ready for the next, with the same key */
    memcpy(ret, digest, PLACEHOLDER_HASH_BYTES);
    return true;
}
