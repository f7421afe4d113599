// SPDX-License-Identifier: Apache-2.0
#include "sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"
#include "sandbox_impl.h"

/*
 * What root keeps, because what root's daemon could open at the start, a reload and a rotated log must find
 * again. In the unit, which runs it as quaygate, there is nothing to keep.
 */
static const unsigned sandbox_kept[] = {
    CAP_CHOWN,            /* `owner:` and `group:` of a new socket … */
    CAP_FOWNER,           /* … and then its mode, and that of a new log */
    CAP_DAC_OVERRIDE,     /* sockets and logs in folders of others; the engine's socket */
    CAP_DAC_READ_SEARCH,  /* where a bind mount's links lead, through folders of others */
    CAP_NET_BIND_SERVICE, /* tcp:// below 1024 */
    CAP_SYS_PTRACE,       /* /proc/PID/exe of a client, for the audit trail; ptrace(2) itself is filtered */
};

static bool sandbox_has_files;

static bool sandbox_is_kept(unsigned capability) {
    for (size_t i = 0; i < ARRAY_SIZE(sandbox_kept); i++)
        if (sandbox_kept[i] == capability)
            return true;
    return false;
}

static int sandbox_get_capabilities(struct __user_cap_data_struct data[2]) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

    return syscall(SYS_capget, &header, data) < 0 ? -errno : 0;
}

/* The bounding set where we may (CAP_SETPCAP); it goes first, since we can't when the others are gone. */
static int sandbox_drop_capabilities(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {0};
    int r = sandbox_get_capabilities(data);

    if (r < 0)
        return r;
    if (!data[0].permitted && !data[1].permitted) /* the unit's filter lets nobody call capset(2) */
        return 0;
    for (unsigned capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        (void) prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    (void) prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (unsigned i = 0; i < 64; i++)
        if (!sandbox_is_kept(i)) {
            data[i / 32].permitted &= ~(1u << i % 32);
            data[i / 32].effective &= ~(1u << i % 32);
        }
    data[0].inheritable = data[1].inheritable = 0;
    return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

/* Not of processes: that limit counts all of the user's, and each name that is looked up needs a thread. */
static int sandbox_limit(void) {
    static const struct rlimit none = {0};

    return setrlimit(RLIMIT_CORE, &none) < 0 ? -errno : 0;
}

/*
 * Landlock also hides /proc/PID/exe of everybody outside of it (security/landlock/task.c, ptrace hooks). Who
 * may read that of all (root on a host) keeps it, for the audit trail; in the unit, and for a container's
 * root, there is nothing to lose.
 */
static int sandbox_enter_files(const Config *config) {
    struct __user_cap_data_struct data[2] = {0};
    int r = sandbox_get_capabilities(data);

    if (r < 0)
        return r;
    if (data[CAP_SYS_PTRACE / 32].effective & 1u << CAP_SYS_PTRACE % 32)
        return -ECANCELED;
    r = sandbox_files_enter(config);
    sandbox_has_files = r == 0;
    return r;
}

bool sandbox_confines_files(void) {
    return sandbox_has_files;
}

static bool sandbox_note(const char *what, int r) {
    if (r < 0)
        log_notice("sandbox: going on without %s: %s", what, strerror(-r));
    return r == 0;
}

void sandbox_enter(const Config *config, int ring) {
    int r;

    (void) sandbox_note("no-new-privileges", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0);
    (void) sandbox_note("a limit on cores", sandbox_limit());
    (void) sandbox_note("dropping capabilities", sandbox_drop_capabilities());
    r = sandbox_enter_files(config);
    if (r == -ECANCELED)
        log_notice("sandbox: going on without Landlock: it would hide the clients' programs from root's "
                   "audit trail");
    else
        (void) sandbox_note("Landlock", r);
    r = sandbox_calls_enter(ring);
    if (r == -ENOTSUP)
        log_notice("sandbox: going on without a system call filter: this build has a sanitizer in it");
    else
        (void) sandbox_note("a system call filter", r);
}
