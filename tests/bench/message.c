// SPDX-License-Identifier: Apache-2.0
#include "message.h"

#include <stdlib.h>
#include <strings.h>

/* The value of a field, or NULL. The head ends with an empty line, so that no search leaves it. */
static const char *message_field(Span head, const char *name) {
    size_t size = strlen(name);

    for (const char *line = head.data;
         (line = memchr(line, '\n', (size_t) (head.data + head.size - line)));) {
        line++;
        if ((size_t) (head.data + head.size - line) > size && strncasecmp(line, name, size) == 0 &&
            line[size] == ':')
            return line + size + 1 + strspn(line + size + 1, " ");
    }
    return NULL;
}

static size_t message_take_head(Message *message, Span bytes, bool *ret_end) {
    const char *end = memmem(bytes.data, bytes.size, "\r\n\r\n", 4), *value;
    Span head;

    *ret_end = false;
    if (!end)
        return 0;
    head = (Span){.data = bytes.data, .size = (size_t) (end - bytes.data) + 4};
    *message = (Message){.in_body = true};
    value = message_field(head, "Transfer-Encoding");
    message->chunked = value && strncasecmp(value, "chunked", 7) == 0;
    value = message->chunked ? NULL : message_field(head, "Content-Length");
    message->left = value ? strtoull(value, NULL, 10) : 0;
    *ret_end = !message->chunked && message->left == 0;
    message->in_body = !*ret_end;
    return head.size;
}

/* A line of a chunk's size. True when it is whole. */
static bool message_take_size(Message *message, Span bytes, size_t *taken) {
    while (*taken < bytes.size) {
        char c = bytes.data[(*taken)++];

        if (c == '\n') {
            message->line[message->line_size] = '\0';
            message->line_size = 0;
            message->left = strtoull(message->line, NULL, 16);
            message->last_chunk = message->left == 0;
            message->left += 2; /* and the end of its data, or the empty line behind the last */
            return true;
        }
        if (message->line_size + 1 < sizeof(message->line))
            message->line[message->line_size++] = c;
    }
    return false;
}

static size_t message_take_body(Message *message, Span bytes, bool *ret_end) {
    size_t taken = 0;

    while (taken < bytes.size) {
        size_t n = bytes.size - taken;

        if (message->chunked && message->left == 0 && !message_take_size(message, bytes, &taken))
            break;
        n = bytes.size - taken;
        if (n > message->left)
            n = (size_t) message->left;
        taken += n;
        message->left -= n;
        if (message->left == 0 && (!message->chunked || message->last_chunk)) {
            message->in_body = false;
            *ret_end = true;
            break;
        }
    }
    return taken;
}

size_t message_take(Message *message, Span bytes, bool *ret_end) {
    size_t head = 0;

    *ret_end = false;
    if (!message->in_body) {
        head = message_take_head(message, bytes, ret_end);
        if (head == 0 || *ret_end)
            return head;
        bytes = (Span){.data = bytes.data + head, .size = bytes.size - head};
    }
    return head + message_take_body(message, bytes, ret_end);
}
