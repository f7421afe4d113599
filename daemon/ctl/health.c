// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl.h"
#include "daemon/clock.h"
#include "patience.h"

/* How long a gate that is well may take: it asks the engine, and others may be asking, too. */
#define HEALTH_SECONDS 5
/* Of --path. */
#define HEALTH_PATH_BYTES 512
/*
 * An answer's head; what follows is of no interest. Ours are below 1 KiB, and dockerd's ping below 512 bytes.
 */
#define HEALTH_HEAD_BYTES 4096

static const char HELP[] =
    "Usage: quaygate health [--config FILE] [--path PATH] [ADDRESS]\n"
    "\n"
    "Asks a running gate whether it is well, for health checks of containers and load balancers: GET PATH "
    "of\n"
    "ADDRESS, which is unix:///path or tcp://IP:port. Well is who answers with 200 in 5 seconds; a listener "
    "whose\n"
    "policy denies the question is well, too.\n"
    "\n"
    "  --config FILE   where the address is from, if none is given: the first listener that isn't fd://\n"
    "                  (default: " CTL_DEFAULT_CONFIG ")\n"
    "  --path PATH     what to ask for (default: /_ping, which asks the engine through the gate)\n"
    "\n"
    "Each question of a listener is on record, as any request is.\n"
    "\n"
    "Exit codes: 0 well, 1 not, or nothing there. 2 usage.\n";

typedef struct HealthAnswer {
    unsigned status; /* 0: no HTTP */
    bool is_ours;    /* the gate itself answered, not the engine */
} HealthAnswer;

static int health_send(int fd, const char *path) {
    char request[HEALTH_PATH_BYTES + 256];
    int n = snprintf(request, sizeof(request),
                     "GET %s HTTP/1.1\r\nHost: quaygate\r\nUser-Agent: quaygate/" QUAYGATE_VERSION
                     "\r\nConnection: close\r\n\r\n",
                     path);
    ssize_t sent;

    if (n < 0 || (size_t) n >= sizeof(request))
        return -ENAMETOOLONG;
    sent = send(fd, request, (size_t) n, MSG_NOSIGNAL);
    if (sent < 0)
        return -errno;
    return sent == n ? 0 : -EAGAIN;
}

/* As much of the answer as its head, or what there is before its end. Bytes read, or −errno. */
static int health_receive(int fd, uint64_t until_usec, char *head, size_t size) {
    size_t n = 0;

    while (n + 1 < size) {
        int r = patience_give(fd, until_usec);
        ssize_t got = r < 0 ? 0 : recv(fd, head + n, size - 1 - n, 0);

        if (r < 0)
            return r;
        if (got < 0 && errno != EINTR)
            return -errno;
        if (got == 0)
            break;
        if (got > 0)
            n += (size_t) got;
        head[n] = '\0';
        if (strstr(head, "\r\n\r\n"))
            break;
    }
    return (int) n;
}

static HealthAnswer health_read(const char *head) {
    HealthAnswer answer = {0};

    if (strncmp(head, "HTTP/1.", strlen("HTTP/1.")) == 0 && strlen(head) > strlen("HTTP/1.1 200") &&
        head[8] == ' ')
        answer.status = (unsigned) strtoul(head + strlen("HTTP/1.1 "), NULL, 10);
    answer.is_ours = strcasestr(head, "\r\nX-Quaygate-Request:") != NULL;
    return answer;
}

static int health_ask(const Address *address, const char *path, HealthAnswer *ret) {
    uint64_t until = clock_monotonic_usec() + HEALTH_SECONDS * UINT64_C(1000000);
    char head[HEALTH_HEAD_BYTES] = "";
    int fd = socket(address->socket.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

    if (fd < 0)
        return -errno;
    r = patience_give(fd, until);
    /* A connect(2) whose time is up says so. */
    if (r == 0 && connect(fd, &address->socket.any, address->length) < 0)
        r = errno == EINPROGRESS ? -EAGAIN : -errno;
    if (r == 0)
        r = health_send(fd, path);
    if (r == 0)
        r = health_receive(fd, until, head, sizeof(head));
    close(fd);
    if (r < 0)
        return r;
    *ret = health_read(head);
    return 0;
}

/* The first listener that can be asked from outside; CTL_OK, or an exit code with a message. */
static int health_address_of(const char *config_path, Address *ret) {
    CLEANUP(config_unref_p) Config *config = NULL;

    if (ctl_load(config_path, &config) < 0)
        return CTL_CONFIG;
    for (size_t i = 0; i < config->n_listeners; i++)
        if (config->listeners[i].address.kind != ADDRESS_FD &&
            !address_is_name(&config->listeners[i].address)) {
            *ret = config->listeners[i].address;
            return CTL_OK;
        }
    return ctl_fail_usage("health", "all listeners are fd:// or have a name: which ADDRESS?");
}

static int health_address_from(const char *text, Address *ret) {
    const char *why = NULL;

    if (address_parse(span_from(text), ret, &why) < 0)
        return ctl_fail_usage("health", "%s: %s", text, why);
    if (ret->kind == ADDRESS_FD || address_is_name(ret))
        return ctl_fail_usage("health", "%s: unix:///path or tcp://IP:port, names aren't looked up", text);
    return CTL_OK;
}

static int health_tell(const Address *address, const char *path) {
    HealthAnswer answer = {0};
    int r = health_ask(address, path, &answer);

    if (r == -EAGAIN)
        fprintf(stderr, "quaygate health: %s: no answer in %d seconds\n", address->text, HEALTH_SECONDS);
    else if (r < 0)
        fprintf(stderr, "quaygate health: %s: %s\n", address->text, strerror(-r));
    else if (answer.status == 0)
        fprintf(stderr, "quaygate health: %s: what answers is no HTTP server\n", address->text);
    else if (answer.status == 200 || (answer.status == 403 && answer.is_ours)) {
        printf("%s: well%s\n", address->text, answer.status == 403 ? ", and denies the question" : "");
        return ctl_finish();
    } else
        fprintf(stderr, "quaygate health: %s: GET %s is answered with %u%s\n", address->text, path,
                answer.status,
                answer.status == 502 || answer.status == 504 ? ": the engine doesn't answer" : "");
    return CTL_CONFIG;
}

/* One that goes into a request line as it is. */
static bool health_is_path(const char *path) {
    if (path[0] != '/' || strlen(path) > HEALTH_PATH_BYTES)
        return false;
    for (const char *c = path; *c; c++)
        if (*c <= ' ' || *c == 0x7f)
            return false;
    return true;
}

int ctl_health(int argc, char **argv) {
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"path", required_argument, NULL, 'p'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    const char *config = NULL, *path = "/_ping";
    Address address;
    int option, r;

    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1)
        switch (option) {
        case 'c':
            config = optarg;
            break;
        case 'p':
            path = optarg;
            break;
        case 'h':
            fputs(HELP, stdout);
            return ctl_finish();
        default:
            return ctl_fail_option("health", option, argv);
        }
    if (argc - optind > 1)
        return ctl_fail_usage("health", "one address at a time");
    if (config && optind < argc)
        return ctl_fail_usage("health", "--config and an address: which of them?");
    if (!health_is_path(path))
        return ctl_fail_usage("health", "--path begins with / and has no blanks; %d bytes at most",
                              HEALTH_PATH_BYTES);
    r = optind < argc ? health_address_from(argv[optind], &address) : health_address_of(config, &address);
    return r == CTL_OK ? health_tell(&address, path) : r;
}
