// SPDX-License-Identifier: Apache-2.0
/*
 * The system calls that the daemon and the libraries below it make while it serves, reloads and ends; all
 * others are refused. What is refused, and how, depends on the build:
 *
 *   - release: the call fails with ENOSYS, as on an old kernel, which libraries are made for: a libc that
 *     tries a newer call first falls back. What nothing in us ever calls, and what an attacker needs next
 *     (execve, ptrace, mount, …), ends the process: systemd starts it anew, and the kernel's audit log
 *     has it.
 *   - debug: each of them ends the process with its name on stderr, so that a test that forgot one fails.
 *
 * A sanitizer forks and traces at the end, and opens what it likes: such a build has no filter.
 */
#include <errno.h>
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox_impl.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CALLS_SANITIZED 1
#else
#define CALLS_SANITIZED 0
#endif

/* seccomp_api_get(3): from this level on there is SCMP_ACT_KILL_PROCESS. */
#define CALLS_API_KILL_PROCESS 3

/* By name, and looked up at the start: an architecture that lacks one has another in its place. */
static const char *const calls_allowed[] = {
    /* bytes */
    "read", "write", "readv", "writev", "pread64", "pwrite64", "close", "lseek", "_llseek", "fcntl",
    "fcntl64", "dup", "dup2", "dup3", "poll", "ppoll", "select", "_newselect", "pselect6", "epoll_create1",
    "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd2", "pipe2", "splice", "timerfd_create",
    "timerfd_settime",
    /* sockets; socket(2) itself by family, below */
    "connect", "bind", "listen", "accept", "accept4", "getsockname", "getpeername", "getsockopt",
    "setsockopt", "shutdown", "sendto", "sendmsg", "sendmmsg", "recvfrom", "recvmsg", "recvmmsg", "send",
    "recv",
    /* files: which ones is Landlock's and the unit's */
    "open", "openat", "openat2", "stat", "stat64", "lstat", "lstat64", "fstat", "fstat64", "newfstatat",
    "fstatat64", "statx", "statfs", "fstatfs", "access", "faccessat", "faccessat2", "readlink", "readlinkat",
    "getdents64", "getcwd", "ftruncate", "ftruncate64", "flock", "fsync", "fdatasync", "fadvise64", "unlink",
    "unlinkat", "mkdir", "mkdirat", "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchown",
    "fchownat", "umask",
    /* memory; mmap(2) and mprotect(2) below. memfd: for journal entries that are too large */
    "memfd_create", "brk", "munmap", "mremap", "madvise",
    /* time */
    "clock_gettime", "clock_gettime64", "clock_getres", "clock_nanosleep", "clock_nanosleep_time64",
    "nanosleep", "gettimeofday", "time",
    /* signals, threads, the end; clone(2) below */
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait", "sigreturn", "sigaltstack",
    "restart_syscall", "futex", "futex_time64", "set_robust_list", "rseq", "set_tid_address", "sched_yield",
    "sched_getaffinity", "membarrier", "arch_prctl", "exit", "exit_group",
    /* who we are */
    "getpid", "getppid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getuid32", "geteuid32",
    "getgid32", "getegid32", "getgroups", "uname", "sysinfo", "getrandom", "getrlimit", "ugetrlimit",
    "getrusage", "capget"};

/* What ends the process in a release build, too. */
static const char *const calls_fatal[] = {
    /* other programs, other processes */
    "execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd",
    "kill", "tkill",
    /* another view of the system */
    "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsmount", "fsconfig",
    "fspick", "mount_setattr", "unshare", "setns", "open_by_handle_at", "mknod", "mknodat", "link", "linkat",
    "symlink", "symlinkat",
    /* somebody else */
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "setfsuid", "setfsgid",
    "capset",
    /* the kernel's wide doors */
    "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_register", "keyctl", "add_key",
    "request_key", "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "iopl",
    "ioperm",
    /* the whole machine */
    "reboot", "swapon", "swapoff", "quotactl", "acct", "settimeofday", "clock_settime", "clock_adjtime",
    "adjtimex", "sethostname", "setdomainname", "syslog"};

/* One call under a condition on one argument. */
typedef struct CallRow {
    const char *name;
    struct scmp_arg_cmp when;
} CallRow;

static const CallRow calls_conditional[] = {
    {"socket", SCMP_A0(SCMP_CMP_EQ, AF_UNIX)},
    {"socket", SCMP_A0(SCMP_CMP_EQ, AF_INET)},
    {"socket", SCMP_A0(SCMP_CMP_EQ, AF_INET6)},
    {"socket", SCMP_A0(SCMP_CMP_EQ, AF_NETLINK)}, /* getaddrinfo(3) asks which addresses the host has */
    {"socketpair", SCMP_A0(SCMP_CMP_EQ, AF_UNIX)},
    {"clone", SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)}, /* a thread, and no process */
    {"mprotect", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, 0)},
    {"mprotect", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, PROT_WRITE)},
    {"mprotect",
     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, PROT_EXEC)}, /* a module of NSS is loaded */
    {"mmap", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, 0)},
    {"mmap", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, PROT_WRITE)},
    {"mmap", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, PROT_EXEC)},
    {"mmap2", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, 0)},
    {"mmap2", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, PROT_WRITE)},
    {"mmap2", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, PROT_EXEC)},
    {"ioctl", SCMP_A1(SCMP_CMP_EQ, TCGETS)},   /* stdio asks whether it is a terminal */
    {"ioctl", SCMP_A1(SCMP_CMP_EQ, FIONREAD)}, /* libresolv asks how much has come */
    {"prctl", SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME)},
    {"prctl",
     SCMP_A0(SCMP_CMP_EQ, PR_CAPBSET_READ)}, /* libcap counts as it is loaded: systemd's NSS has it */
    {"prlimit64", SCMP_A2(SCMP_CMP_EQ, 0)}, /* to read one, of which pthread_create(3) makes a stack's size */
};

static int calls_add(scmp_filter_ctx filter, uint32_t action, const char *const *names, size_t n) {
    for (size_t i = 0; i < n; i++) {
        int call = seccomp_syscall_resolve_name(names[i]), r;

        if (call == __NR_SCMP_ERROR) /* a libseccomp that is older than the call */
            continue;
        r = seccomp_rule_add_array(filter, action, call, 0, NULL);
        if (r < 0 && r != -EDOM) /* not on this architecture */
            return r;
    }
    return 0;
}

static int calls_add_conditional(scmp_filter_ctx filter) {
    for (size_t i = 0; i < ARRAY_SIZE(calls_conditional); i++) {
        const CallRow *row = &calls_conditional[i];
        int call = seccomp_syscall_resolve_name(row->name);
        int r =
            call == __NR_SCMP_ERROR ? 0 : seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &row->when);

        if (r < 0 && r != -EDOM)
            return r;
    }
    return 0;
}

/* abort(3) and raise(3): a signal to ourselves. */
static int calls_add_own_signals(scmp_filter_ctx filter) {
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t) getpid()));
}

/*
 * The ring that was made before this and does nothing but connect, send and close (ring.h): no other can be
 * made any more. Where there is none, nobody has a use for the call.
 */
static int calls_add_ring(scmp_filter_ctx filter, int ring) {
    if (ring < 0)
        return 0;
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(io_uring_enter), 2,
                            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t) ring),
                            SCMP_A3(SCMP_CMP_EQ, IORING_ENTER_GETEVENTS));
}

#ifdef QUAYGATE_DEBUG
/* What libraries ask for and do without: named here, so that a debug build doesn't stumble over it. */
static const char *const calls_missing[] = {
    "clone3",
};

/* In a signal's handler, and about to end: what it does beyond write(2) matters no more. */
static void calls_on_forbidden(int number UNUSED, siginfo_t *info, void *context UNUSED) {
    char line[128], *name = seccomp_syscall_resolve_num_arch(info->si_arch, info->si_syscall);
    int n = snprintf(line, sizeof(line), "sandbox: forbidden system call %s (%d)\n", name ? name : "?",
                     info->si_syscall);

    if (n > 0 && write(STDERR_FILENO, line, (size_t) n) < 0)
        _exit(99);
    _exit(99);
}

static int calls_name_forbidden(void) {
    struct sigaction action = {.sa_sigaction = calls_on_forbidden, .sa_flags = SA_SIGINFO};

    return sigaction(SIGSYS, &action, NULL) < 0 ? -errno : 0;
}
#endif

static int calls_fill(scmp_filter_ctx filter, int ring) {
    int r = calls_add(filter, SCMP_ACT_ALLOW, calls_allowed, ARRAY_SIZE(calls_allowed));

    if (r == 0)
        r = calls_add_conditional(filter);
    if (r == 0)
        r = calls_add_own_signals(filter);
    if (r == 0)
        r = calls_add_ring(filter, ring);
#ifdef QUAYGATE_DEBUG
    if (r == 0)
        r = calls_add(filter, SCMP_ACT_ERRNO(ENOSYS), calls_missing, ARRAY_SIZE(calls_missing));
    if (r == 0)
        r = calls_name_forbidden();
    (void) calls_fatal;
#else
    /* libseccomp refuses the action where it couldn't ask the kernel for it: on an old one, and behind a
       filter around us that keeps seccomp(2). Those calls are ENOSYS then, as all that isn't in the list. */
    if (r == 0 && seccomp_api_get() >= CALLS_API_KILL_PROCESS)
        r = calls_add(filter, SCMP_ACT_KILL_PROCESS, calls_fatal, ARRAY_SIZE(calls_fatal));
#endif
    return r;
}

int sandbox_calls_enter(int ring) {
#ifdef QUAYGATE_DEBUG
    static const uint32_t otherwise = SCMP_ACT_TRAP;
#else
    static const uint32_t otherwise = SCMP_ACT_ERRNO(ENOSYS);
#endif
    scmp_filter_ctx filter;
    int r;

    if (CALLS_SANITIZED)
        return -ENOTSUP;
    filter = seccomp_init(otherwise);
    if (!filter)
        return -ENOMEM;
    r = calls_fill(filter, ring);
    if (r == 0)
        r = seccomp_load(filter);
    seccomp_release(filter);
    return r;
}
