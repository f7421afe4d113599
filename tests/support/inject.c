// SPDX-License-Identifier: Apache-2.0
/*
 * Makes a running process make system calls that it would never make, as an attacker's code in it would:
 * stops it with ptrace(2), and puts the call where it was waiting in one. What comes out is the kernel's
 * answer to that process, with all that confines it. The process goes on afterwards, where it was.
 *
 * usage: inject PID NUMBER [ARGUMENT…]     an argument is a number, or TEXT, which is put on its stack
 * Prints `returned N`, `errno N`, `signal N` (it would have been sent one, and isn't) or `ended`. x86_64
 * only.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_ROOM 4096 /* below what it uses, the red zone included */

static int fail(const char *what) {
    fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
    return 2;
}

#ifdef __x86_64__

/* Puts `text` at `at`, a word at a time. */
static int put_text(pid_t pid, unsigned long at, const char *text) {
    size_t size = strlen(text) + 1;

    for (size_t i = 0; i < size; i += sizeof(long)) {
        long word = 0;

        memcpy(&word, text + i, size - i < sizeof(word) ? size - i : sizeof(word));
        if (ptrace(PTRACE_POKEDATA, pid, at + i, word) < 0)
            return -1;
    }
    return 0;
}

static int set_arguments(pid_t pid, struct user_regs_struct *regs, int argc, char **argv) {
    unsigned long long *to[] = {&regs->rdi, &regs->rsi, &regs->rdx, &regs->r10, &regs->r8, &regs->r9};
    unsigned long stack = (unsigned long) regs->rsp - STACK_ROOM;

    for (int i = 0; i < argc && i < 6; i++) {
        char *end;

        *to[i] = (unsigned long long) strtoll(argv[i], &end, 0);
        if (*end == '\0' && end > argv[i])
            continue;
        *to[i] = stack;
        if (put_text(pid, stack, argv[i]) < 0)
            return -1;
        stack += (strlen(argv[i]) / 8 + 2) * 8;
    }
    return 0;
}

/* It waits in epoll_wait(2): the two bytes before where it would go on are `syscall`. */
static int make_call(pid_t pid, const struct user_regs_struct *before, int argc, char **argv) {
    struct user_regs_struct regs = *before;
    int status;

    regs.rip -= 2;
    regs.orig_rax = (unsigned long long) -1; /* what it waited in isn't begun again */
    regs.rax = strtoull(argv[0], NULL, 0);
    if (set_arguments(pid, &regs, argc - 1, argv + 1) < 0 || ptrace(PTRACE_SETREGS, pid, NULL, &regs) < 0 ||
        ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) < 0 || waitpid(pid, &status, 0) != pid)
        return fail("call");
    if (!WIFSTOPPED(status)) {
        printf("ended\n");
        return 0;
    }
    if (WSTOPSIG(status) != SIGTRAP)
        printf("signal %d\n", WSTOPSIG(status));
    else if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0)
        return fail("registers");
    else if ((long long) regs.rax < 0 && (long long) regs.rax > -4096)
        printf("errno %lld\n", -(long long) regs.rax);
    else
        printf("returned %lld\n", (long long) regs.rax);
    /* One step on its own way: a second signal of the step above, where there is one, is taken here. */
    regs = *before;
    if (ptrace(PTRACE_SETREGS, pid, NULL, &regs) < 0 || ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) < 0 ||
        waitpid(pid, &status, 0) != pid)
        return fail("back");
    return 0;
}

/* Stopped where it waits; it may have been at work just then. */
static int stop_in_call(pid_t pid, struct user_regs_struct *regs) {
    int status;

    for (int i = 0; i < 100; i++) {
        long code;

        if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) < 0 || waitpid(pid, &status, 0) != pid)
            return fail("attach");
        if (ptrace(PTRACE_GETREGS, pid, NULL, regs) < 0)
            return fail("registers");
        code = ptrace(PTRACE_PEEKTEXT, pid, regs->rip - 2, NULL);
        if ((code & 0xFFFF) == 0x050F)
            return 0;
        (void) ptrace(PTRACE_DETACH, pid, NULL, NULL);
        usleep(20000);
    }
    errno = EBUSY;
    return fail("it is never waiting");
}

int main(int argc, char **argv) {
    struct user_regs_struct before;
    pid_t pid = argc > 2 ? (pid_t) atol(argv[1]) : 0;
    int r;

    if (pid <= 0)
        return fail("usage: inject PID NUMBER [ARGUMENT…]");
    r = stop_in_call(pid, &before);
    if (r == 0)
        r = make_call(pid, &before, argc - 2, argv + 2);
    (void) ptrace(PTRACE_DETACH, pid, NULL, NULL);
    return r;
}

#else

int main(void) {
    errno = ENOSYS;
    return fail("this architecture");
}

#endif
