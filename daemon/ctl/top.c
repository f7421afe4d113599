// SPDX-License-Identifier: Apache-2.0
/*
 * The gate at work, in a terminal. Nothing but lines and a handful of sequences that every terminal of the
 * last forty years has: no library is needed for that.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "ctl.h"
#include "daemon/clock.h"
#include "fetch.h"
#include "frame.h"

#define INTERVAL_MIN 0.1
#define INTERVAL_MAX 3600.0

/* An alternate screen, no cursor, and lines that don't wrap; and back. */
#define SCREEN_ENTER "\033[?1049h\033[?25l\033[?7l"
#define SCREEN_LEAVE "\033[?7h\033[?25h\033[?1049l"
#define SCREEN_HOME "\033[H"
#define SCREEN_LINE_END "\033[K"
#define SCREEN_REST "\033[J"

static const char HELP[] =
    "Usage: quaygate top [--config FILE] [--address ADDRESS] [--interval SECONDS] [--once]\n"
    "\n"
    "The gate at work, by what its metrics' socket tells: requests and how fast they come, what was denied "
    "by\n"
    "which rule and to whom, streams that are open, since when. Counts are since the daemon's start; a ~ "
    "says\n"
    "that one may be too high, because there are more clients than are kept apart.\n"
    "\n"
    "  --config FILE      whose 'metrics:' has the address; default: " CTL_DEFAULT_CONFIG "\n"
    "  --address ADDRESS  the address itself, like unix:///run/quaygate/metrics.sock\n"
    "  --interval SECONDS how long between two looks; default: 2\n"
    "  --once             one look, printed; so it is where standard output is no terminal\n"
    "\n"
    "q ends it.\n"
    "\n"
    "Exit codes: 0, 1 the daemon doesn't answer, or the config is broken, 2 usage.\n";

typedef struct Top {
    Address address;
    double interval;
    bool once;
    char failure[160]; /* told once the screen is the terminal's own again */

    /* The look before this one. */
    Arena *arena;
    Body *body;
    uint64_t usec; /* CLOCK_MONOTONIC */
} Top;

static volatile sig_atomic_t top_ended;

/* What begins to wait just now hasn't seen it, and is told once more. */
static void top_on_signal(int number UNUSED) {
    top_ended = 1;
    alarm(1);
}

/* --- a look */

static int top_fail(Top *top, int r, const char *why) {
    snprintf(top->failure, sizeof(top->failure), "%s", why ? why : strerror(-r));
    return CTL_CONFIG;
}

static FrameSize top_size(const Top *top) {
    struct winsize size;

    if (top->once || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
        return (FrameSize){0};
    /* The last row stays free: a newline there would scroll. */
    return (FrameSize){.rows = size.ws_row > 1 ? size.ws_row - 1u : 0, .columns = size.ws_col};
}

/* The screen is written over, not cleared, so that it doesn't flicker. */
static void top_draw(const Top *top, Span frame) {
    if (!top->once)
        fputs(SCREEN_HOME, stdout);
    for (size_t i = 0; i < frame.size; i++) {
        if (frame.data[i] == '\n' && !top->once)
            fputs(SCREEN_LINE_END, stdout);
        fputc(frame.data[i], stdout);
    }
    if (!top->once)
        fputs(SCREEN_REST, stdout);
    fflush(stdout);
}

static void top_forget(Top *top) {
    top->body = body_free(top->body);
    top->arena = arena_free(top->arena);
}

static int top_show(Top *top, Arena *arena, const Body *body, uint64_t now) {
    CLEANUP(buffer_done) Buffer frame = {0};
    const FrameStyle style = {ctl_colour(CTL_BOLD), ctl_colour(CTL_RED), ctl_colour(CTL_RESET)};
    int r = frame_write(&frame, arena, body_root(body), top->body ? body_root(top->body) : NULL,
                        (double) (now - top->usec) / 1e6, top_size(top), &style);

    if (r < 0)
        return top_fail(top, r, r == -EPROTO ? "what answers there is not quaygated" : NULL);
    top_draw(top, buffer_span(&frame));
    return CTL_OK;
}

static int top_look(Top *top) {
    CLEANUP(buffer_done) Buffer text = {0};
    const char *why;
    uint64_t now = clock_monotonic_usec();
    int status, exit;
    Arena *arena;
    Body *body = NULL;

    do /* EINTR is also for who was stopped and goes on: ^Z and fg */
        status = fetch(&top->address, "/top", &text, &why);
    while (status == -EINTR && !top_ended);
    if (status < 0)
        return top_ended ? CTL_OK : top_fail(top, status, why);
    if (status != 200)
        return top_fail(
            top, 0, status == 403 ? "this user may not ask there" : "what answers there is not quaygated");
    arena = arena_new(LIMIT_ARENA_BYTES);
    if (!arena)
        return top_fail(top, -ENOMEM, NULL);
    if (body_parse(arena, buffer_span(&text), &body, &why) != REASON_OK) {
        arena_free(arena);
        return top_fail(top, 0, "what answers there is not quaygated");
    }
    exit = top_show(top, arena, body, now);
    top_forget(top);
    top->arena = arena;
    top->body = body;
    top->usec = now;
    return exit;
}

/* --- the terminal */

/* True: it is to end. */
static bool top_wait(const Top *top) {
    struct pollfd keys = {.fd = STDIN_FILENO, .events = POLLIN};
    char key;

    if (poll(&keys, 1, (int) (top->interval * 1000)) <= 0 || !(keys.revents & POLLIN))
        return top_ended || keys.revents != 0; /* nobody can press a key any more */
    return read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q';
}

static int top_run(Top *top) {
    struct sigaction end = {.sa_handler = top_on_signal, .sa_flags = SA_RESTART};
    struct termios before, raw;
    bool is_terminal = tcgetattr(STDIN_FILENO, &before) == 0;
    int exit;

    sigaction(SIGINT, &end, NULL);
    sigaction(SIGTERM, &end, NULL);
    sigaction(SIGHUP, &end, NULL);
    sigaction(SIGALRM, &end, NULL);
    if (is_terminal) {
        raw = before;
        raw.c_lflag &= ~(tcflag_t) (ICANON | ECHO);
        (void) tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    fputs(SCREEN_ENTER, stdout);
    fflush(stdout); /* the first look may have to wait */
    do
        exit = top_look(top);
    while (exit == CTL_OK && !top_ended && !top_wait(top));
    fputs(SCREEN_LEAVE, stdout);
    fflush(stdout);
    if (is_terminal)
        (void) tcsetattr(STDIN_FILENO, TCSANOW, &before);
    return exit;
}

/* --- the command line */

static int top_take_interval(Top *top, const char *text) {
    char *end;

    top->interval = strtod(text, &end);
    if (end == text || *end || !(top->interval >= INTERVAL_MIN && top->interval <= INTERVAL_MAX))
        return ctl_fail_usage("top", "--interval must be from %g to %g seconds", INTERVAL_MIN, INTERVAL_MAX);
    return CTL_OK;
}

static int top_take_address(Top *top, const char *text) {
    const char *why;

    return address_parse(span_from(text), &top->address, &why) == 0
               ? CTL_OK
               : ctl_fail_usage("top", "--address %s: %s", text, why);
}

static int top_find_address(Top *top, const char *config_path) {
    CLEANUP(config_unref_p) Config *config = NULL;

    if (top->address.kind != ADDRESS_NONE)
        return CTL_OK;
    if (ctl_load(config_path, &config) < 0)
        return CTL_CONFIG;
    if (!config->has_metrics) {
        fprintf(stderr, "quaygate top: %s has no 'metrics:'\n", ctl_config_name(config_path));
        return CTL_CONFIG;
    }
    top->address = config->listeners[config->n_listeners].address;
    return CTL_OK;
}

int ctl_top(int argc, char **argv) {
    static const struct option options[] = {
        {"help", no_argument, NULL, 'h'},          {"config", required_argument, NULL, 'c'},
        {"address", required_argument, NULL, 'a'}, {"interval", required_argument, NULL, 'i'},
        {"once", no_argument, NULL, '1'},          {0}};
    Top top = {.interval = 2};
    const char *config_path = NULL;
    int option, exit = CTL_OK;

    while (exit == CTL_OK && (option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(HELP, stdout);
            return ctl_finish();
        }
        if (option == 'c')
            config_path = optarg;
        else if (option == 'a')
            exit = top_take_address(&top, optarg);
        else if (option == 'i')
            exit = top_take_interval(&top, optarg);
        else if (option == '1')
            top.once = true;
        else
            return ctl_fail_option("top", option, argv);
    }
    if (exit == CTL_OK && optind < argc)
        exit = ctl_fail_usage("top", "it takes no arguments");
    if (exit == CTL_OK)
        exit = top_find_address(&top, config_path);
    if (exit != CTL_OK)
        return exit;
    top.once = top.once || !isatty(STDOUT_FILENO);
    exit = top.once ? top_look(&top) : top_run(&top);
    top_forget(&top);
    if (exit != CTL_OK)
        fprintf(stderr, "quaygate top: %s: %s\n", top.address.text, top.failure);
    return exit == CTL_OK ? ctl_finish() : exit;
}
