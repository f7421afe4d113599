// SPDX-License-Identifier: Apache-2.0
#include "daemon/unpack.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#define MEMBER_A "the first member, "
#define MEMBER_B "and the second"

/* One member of gzip's; how many bytes. */
static size_t pack(const char *text, size_t size, char *room, size_t room_size) {
    z_stream stream = {.next_in = (unsigned char *) text,
                       .avail_in = (unsigned) size,
                       .next_out = (unsigned char *) room,
                       .avail_out = (unsigned) room_size};

    cr_assert_eq(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    cr_assert_eq(deflateEnd(&stream), Z_OK);
    return room_size - stream.avail_out;
}

static int file_of(const char *bytes, size_t size) {
    int fd = memfd_create("test", MFD_CLOEXEC);

    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, bytes, size), (ssize_t) size);
    cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* The same from a pipe, a byte at a time by a child; whoever reads sees the end when it is gone. */
static int pipe_of(const char *bytes, size_t size) {
    int fds[2];

    cr_assert_eq(pipe(fds), 0);
    if (fork() == 0) {
        for (size_t i = 0; i < size; i++)
            if (write(fds[1], bytes + i, 1) != 1)
                break;
        _exit(0);
    }
    close(fds[1]);
    return fds[0];
}

/* All of it, in reads of `step` bytes; the last answer is returned. */
static ssize_t read_all(Unpack *unpack, size_t step, char *text, size_t *ret_size) {
    ssize_t n;

    *ret_size = 0;
    while ((n = unpack_read(unpack, text + *ret_size, step)) > 0)
        *ret_size += (size_t) n;
    return n;
}

typedef struct Case {
    const char *what;
    char bytes[512];
    size_t size;
    const char *text;
    int end; /* 0, or −errno */
} Case;

static void expect(const Case *c) {
    static const size_t steps[] = {1, 7, 4096};
    char text[8192];
    size_t size;

    for (size_t i = 0; i < 2 * ARRAY_SIZE(steps); i++) {
        bool piped = i >= ARRAY_SIZE(steps);
        size_t step = steps[i % ARRAY_SIZE(steps)];
        Unpack *unpack = unpack_new(piped ? pipe_of(c->bytes, c->size) : file_of(c->bytes, c->size));
        ssize_t end;

        cr_assert(unpack);
        end = read_all(unpack, step, text, &size);
        cr_expect_eq(end, c->end, "%s, in steps of %zu: %zd", c->what, step, end);
        text[size] = '\0';
        cr_expect_str_eq(text, c->text, "%s, in steps of %zu: %s", c->what, step, text);
        cr_expect_eq(unpack_read(unpack, text, step), end, "%s: again", c->what);
        if (end == 0)
            cr_expect_eq(unpack_taken(unpack), c->size, "%s", c->what);
        cr_expect_eq(unpack_rewind(unpack), piped ? -ESPIPE : 0);
        if (!piped) {
            cr_expect_eq(read_all(unpack, step, text, &size), c->end, "%s: rewound", c->what);
            cr_expect_eq(size, strlen(c->text), "%s: rewound", c->what);
        }
        (void) unpack_free(unpack);
    }
}

static void put(Case *c, const char *bytes, size_t size) {
    memcpy(c->bytes + c->size, bytes, size);
    c->size += size;
}

static void put_packed(Case *c, const char *text) {
    c->size += pack(text, strlen(text), c->bytes + c->size, sizeof(c->bytes) - c->size);
}

Test(unpack, what_is_not_packed) {
    Case empty = {.what = "nothing", .text = ""};
    Case one = {.what = "a byte", .bytes = "\x1F", .size = 1, .text = "\x1F"};
    Case plain = {.what = "text", .bytes = "{\"seq\":1}\n", .size = 10, .text = "{\"seq\":1}\n"};

    expect(&empty);
    expect(&one);
    expect(&plain);
}

Test(unpack, members) {
    Case one = {.what = "one member", .text = MEMBER_A};
    Case two = {.what = "two members", .text = MEMBER_A MEMBER_B};
    Case none = {.what = "an empty member", .text = ""};

    put_packed(&one, MEMBER_A);
    expect(&one);
    put_packed(&two, MEMBER_A);
    put_packed(&two, MEMBER_B);
    expect(&two);
    put_packed(&none, "");
    expect(&none);
}

Test(unpack, what_follows_and_is_not_packed) {
    static const struct {
        const char *what, *bytes;
        size_t size;
        int end;
    } tails[] = {
        {"text", "{\"seq\":1}\n", 10, -EILSEQ},
        {"a line's end", "\n", 1, -EILSEQ},
        {"a zero", "", 1, -EILSEQ},
        {"half a beginning", "\x1F", 1, -EBADMSG},
        {"a beginning like it", "\x1F{}", 3, -EBADMSG},
    };

    for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
        Case c = {.what = tails[i].what, .text = MEMBER_A MEMBER_B, .end = tails[i].end};

        put_packed(&c, MEMBER_A);
        put_packed(&c, MEMBER_B);
        put(&c, tails[i].bytes, tails[i].size);
        expect(&c);
    }
    cr_expect(strstr(unpack_error(-EILSEQ), "bytes that are not gzip's"));
    cr_expect(strstr(unpack_error(-EBADMSG), "cut off"));
    cr_expect_str_eq(unpack_error(-EIO), strerror(EIO));
}

/* Cut at each byte, and each byte changed: an error, or all of it. */
Test(unpack, what_is_broken) {
    Case whole = {.text = MEMBER_A};
    char text[4096];
    size_t n;

    put_packed(&whole, MEMBER_A);
    for (size_t size = 2; size < whole.size; size++) {
        Unpack *unpack = unpack_new(file_of(whole.bytes, size));

        cr_expect_eq(read_all(unpack, sizeof(text), text, &n), -EBADMSG, "cut at %zu", size);
        (void) unpack_free(unpack);
    }
    for (size_t i = 2; i < whole.size; i++) {
        Case changed = whole;
        Unpack *unpack;
        ssize_t end;

        changed.bytes[i] ^= 0x55;
        unpack = unpack_new(file_of(changed.bytes, changed.size));
        end = read_all(unpack, sizeof(text), text, &n);
        cr_expect(end == -EBADMSG || (end == 0 && n == strlen(MEMBER_A) && memcmp(text, MEMBER_A, n) == 0),
                  "byte %zu changed: %zd", i, end);
        (void) unpack_free(unpack);
    }
}

/* More than one read of the file, and more than one of its own for what comes out of one. */
Test(unpack, much_of_it) {
    enum { SIZE = 3 << 20 };
    char *text = malloc(SIZE), *packed = malloc(SIZE), *got = malloc(SIZE + 1);
    unsigned seed = 1;
    size_t size, n;
    Unpack *unpack;

    cr_assert(text && packed && got);
    for (size_t i = 0; i < SIZE; i++) /* a third of it is noise */
        text[i] = i % 3 ? 'x' : (char) ((seed = seed * 1103515245u + 12345u) >> 16);
    size = pack(text, SIZE, packed, SIZE);
    cr_assert_gt(size, 512u << 10);
    unpack = unpack_new(file_of(packed, size));
    cr_expect_eq(read_all(unpack, 100000, got, &n), 0);
    cr_expect_eq(n, (size_t) SIZE);
    cr_expect_eq(memcmp(text, got, SIZE), 0);
    (void) unpack_free(unpack);
    free(text);
    free(packed);
    free(got);
}

Test(unpack, a_folder_is_an_error) {
    char text[16];
    int fd = open("/", O_RDONLY | O_CLOEXEC);
    Unpack *unpack = unpack_new(fd);

    cr_assert(unpack);
    cr_expect_eq(unpack_read(unpack, text, sizeof(text)), -EISDIR);
    (void) unpack_free(unpack);
}
