# SPDX-License-Identifier: Apache-2.0
"""The daemon under test: its config, its life from start to exit code, its audit trail."""

import asyncio
import ctypes
import datetime
import fcntl
import json
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import tempfile
import time

import chain
from wire import Failure, match_text

DECISION_KEYS = {"seq", "time", "event", "id", "listener", "policy", "policy_hash", "client", "request", "verdict",
                 "rule", "field", "value", "where", "reason", "allow_with", "facts", "repeats", "response",
                 "duration_us", "prev", "hash"}
OUTCOME_KEYS = {"seq", "time", "event", "id", "verdict", "end", "rule", "reason", "dropped_bytes",
                "response", "duration_us", "prev", "hash"}
ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
REPORT = re.compile(r"AddressSanitizer|LeakSanitizer|UndefinedBehavior|runtime error:|Assertion|"
                    r"malloc\(\)|free\(\)|\[event\]|\[warn\]|\[err\]")
LISTENING = "00010000"  # __SO_ACCEPTCON in /proc/net/unix
FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_IMMUTABLE = 0x80086601, 0x40086602, 0x10  # ioctl_iflags(2)


def write_config(path, text, directory, policy):
    """The scenario's config, with the top-level keys it leaves out filled in."""
    defaults = {
        "version": "version: 1\n",
        "upstream": f"upstream: unix://{directory}/engine.sock\n",
        "listeners": f"listeners:\n  - address: unix://{directory}/gate.sock\n    policy: {policy}\n",
        "audit": f"audit:\n  sinks:\n    - file: {directory}/audit.jsonl\n",
    }
    for key, value in defaults.items():
        if not re.search(rf"^{key}:", text, re.MULTILINE):
            text = value + text
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(path + ".new", path)


def is_listening(address):
    """Looks in /proc, so that no connection is spent on it."""
    if address.startswith("/"):
        with open("/proc/net/unix", encoding="utf-8", errors="replace") as file:
            for line in file:
                fields = line.split()
                if len(fields) == 8 and fields[7] == address and fields[3] == LISTENING:
                    return True
        return False
    port = int(address.rsplit(":", 1)[1])
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if os.path.exists(table):
            with open(table, encoding="utf-8") as file:
                for line in file:
                    fields = line.split()
                    if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                        return True
    return False


def set_immutable(path, immutable):
    """As with chattr: a file system can't be mounted read-only under an open file, but a file can become it."""
    with open(path, "rb") as file:
        flags = struct.unpack("l", fcntl.ioctl(file, FS_IOC_GETFLAGS, struct.pack("l", 0)))[0]
        flags = flags | FS_IMMUTABLE if immutable else flags & ~FS_IMMUTABLE
        fcntl.ioctl(file, FS_IOC_SETFLAGS, struct.pack("l", flags))


def refuse_ring():
    """From here on io_uring_setup(2) is EPERM, as a container runtime's seccomp profile has it. Its number is the same on
    all architectures that matter here, but for alpha."""
    ret, load, jump_equal = 0x06, 0x20, 0x15
    steps = ((load, 0, 0, 0), (jump_equal, 0, 1, 425), (ret, 0, 0, 0x00050000 | 1), (ret, 0, 0, 0x7FFF0000))
    rows = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(rows)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):  # PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP
        raise OSError(ctypes.get_errno(), "no system call filter")


def can_go_read_only():
    """Whether an open file can go read-only here: root may on ext4, xfs and btrfs, and on overlayfs over them."""
    with tempfile.NamedTemporaryFile() as file:
        try:
            set_immutable(file.name, True)
        except OSError:
            return False
        try:
            os.write(file.fileno(), b"x")
        except PermissionError:
            return True
        finally:
            set_immutable(file.name, False)
    return False


def matches(want, got):
    """JSON subset; strings that begin with ~ are regular expressions."""
    if isinstance(want, dict):
        return isinstance(got, dict) and all(k in got and matches(v, got[k]) for k, v in want.items())
    if isinstance(want, list):
        return isinstance(got, list) and len(want) == len(got) and all(map(matches, want, got))
    if isinstance(want, str) and want.startswith("~"):
        return isinstance(got, str) and match_text(want, got)
    return type(want) is type(got) and want == got


class Gate:
    def __init__(self, daemon, directory, slow):
        self.daemon = daemon
        self.directory = directory
        self.slow = slow  # sanitizers: more time, more memory
        self.process = None
        self.is_read_only = False
        self.copies = []
        self.rss_start = 0
        self.audit_path = f"{directory}/audit.jsonl"
        self.environment = {}
        self.manager = None
        self.without_ring = False  # the kernel refuses it one

    def path(self, name):
        return name if name.startswith("/") else f"{self.directory}/{name}"

    def text_of(self, name):
        try:
            with open(f"{self.directory}/{name}", encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    async def start(self, arguments, addresses, ready=False):
        """`ready`: it tells its manager when it serves."""
        # The driver fills the disk by RLIMIT_FSIZE, which has a signal besides its errno.
        def prepare():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            os.setsid()
            if self.without_ring:
                refuse_ring()

        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                       "ASAN_OPTIONS": "quarantine_size_mb=1:detect_leaks=1:abort_on_error=0",
                       "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"}
        environment.update(self.environment)
        prefix, passed = [], []
        if self.manager:
            environment.update(self.manager.environment)
            prefix, passed = self.manager.prefix, self.manager.descriptors()
        self.process = await asyncio.create_subprocess_exec(
            *prefix, self.daemon, *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE, cwd=self.directory, env=environment, preexec_fn=prepare,
            pass_fds=passed)
        self.copies = [asyncio.create_task(self._copy(self.process.stdout, "stdout")),
                       asyncio.create_task(self._copy(self.process.stderr, "stderr"))]
        if ready:
            await self.wait_text("manager", "^READY=1 ", 10)
        elif not addresses:  # it is meant to end at once
            return
        for _ in range(2000):
            if all(is_listening(address) for address in addresses):
                break
            if self.process.returncode is not None:
                raise Failure(f"quaygated ended with {self.process.returncode} at the start:\n"
                              f"{self.text_of('stderr')}")
            await asyncio.sleep(0.005)
        else:
            raise Failure(f"quaygated doesn't listen on {addresses}:\n{self.text_of('stderr')}")
        self.rss_start = self.memory("VmRSS")

    async def _copy(self, stream, name):
        """Pipes, not files: a full disk (RLIMIT_FSIZE) must not stop what the daemon says."""
        with open(f"{self.directory}/{name}", "ab", buffering=0) as file:
            while data := await stream.read(65536):
                file.write(data)

    def let_stdout_flow(self, flows):
        """Whether anybody reads the daemon's end of the pipe; asyncio has no public name for it."""
        pipe = self.process._transport.get_pipe_transport(1)  # pylint: disable=protected-access
        if flows:
            pipe.resume_reading()
        else:
            pipe.pause_reading()

    def memory(self, key):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(rf"^{key}:\s+(\d+) kB", file.read(), re.MULTILINE)[1]) * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def highest_descriptor(self):
        return max(int(name) for name in os.listdir(f"/proc/{self.process.pid}/fd"))

    def set_clock(self, when):
        """What time the daemon believes it is, from now on; at first before it is started."""
        path = f"{self.directory}/clock"
        if "SET_CLOCK" not in self.environment:
            library = f"{self.directory}/set_clock.so"
            source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "set_clock.c")
            subprocess.run(["gcc", "-shared", "-fPIC", "-O1", source, "-o", library], check=True)
            self.environment = {"LD_PRELOAD": library, "SET_CLOCK": path,
                                "ASAN_OPTIONS": "verify_asan_link_order=0:quarantine_size_mb=1:detect_leaks=1"}
        moment = datetime.datetime.fromisoformat(when.replace("Z", "+00:00")).timestamp()
        with open(path, "r+b" if os.path.exists(path) else "wb", buffering=0) as file:
            file.write(struct.pack("=q", round((moment - time.time()) * 1e9)))

    def signal(self, number):
        self.process.send_signal(number)

    def limit_file_size(self, size):
        hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size, hard))

    def set_read_only(self, read_only):
        set_immutable(self.audit_path, read_only)
        self.is_read_only = read_only

    async def wait_exit(self, code, seconds):
        try:
            await asyncio.wait_for(self.process.wait(), seconds * self.slow)
        except asyncio.TimeoutError:
            raise Failure(f"quaygated still runs {seconds} s later") from None
        await asyncio.gather(*self.copies)
        if self.process.returncode != code:
            raise Failure(f"quaygated ended with {self.process.returncode}, wanted {code}:\n"
                          f"{self.text_of('stderr')[-3000:]}")

    async def kill(self):
        if self.is_read_only:
            self.set_read_only(False)
        if self.process and self.process.returncode is None:
            self.process.kill()
            self.let_stdout_flow(True)  # else its end would never be seen
            await self.process.wait()
        for copy in self.copies:
            copy.cancel()
        await asyncio.gather(*self.copies, return_exceptions=True)

    # --- the audit trail -----------------------------------------------------------------------

    def records(self):
        result = []
        try:
            with open(self.audit_path, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return result
        if data and not data.endswith(b"\n"):
            data = data[:data.rindex(b"\n") + 1] if b"\n" in data else b""
        for number, line in enumerate(data.splitlines(), 1):
            try:
                result.append(json.loads(line))
            except ValueError as error:
                raise Failure(f"audit line {number} is not JSON ({error}): {line[:300]!r}") from None
        return result

    async def wait_record(self, want, seconds):
        for _ in range(int(seconds * self.slow / 0.02)):
            if any(matches(want, record) for record in self.records()):
                return
            await asyncio.sleep(0.02)
        raise Failure(f"no such audit record in {seconds} s: {json.dumps(want)}\n      there are:\n" + self.listing())

    async def wait_text(self, name, want, seconds):
        for _ in range(int(seconds * self.slow / 0.02)):
            if re.search(want, self.text_of(name), re.MULTILINE):
                return
            await asyncio.sleep(0.02)
        raise Failure(f"{name} doesn't say /{want}/:\n{self.text_of(name)[-2000:]}")

    def listing(self):
        return "\n".join("      " + json.dumps(record)[:900] for record in self.records())

    def check_chain(self, gaps):
        """As an auditor does: each line's hash is its own, and prev that of the line before it."""
        try:
            with open(self.audit_path, "rb") as file:
                problems = chain.verify(file, gaps)
        except FileNotFoundError:
            return
        if problems:
            raise Failure("audit: " + "; ".join(problems[:5]))

    def check_trail(self, ids, gaps):
        """What holds for each trail: every part there, decision before outcome, each end once."""
        open_ids, seen, sequence = {}, {}, None
        self.check_chain(gaps)
        for record in self.records():
            step = None if sequence is None else record.get("seq") - sequence
            if step is not None and (step < 1 if gaps else step != 1):
                raise Failure(f"audit: seq {record.get('seq')} follows {sequence}")
            sequence = record.get("seq")
            event, request_id = record.get("event"), record.get("id")
            if event == "lifecycle":
                continue
            keys = DECISION_KEYS if event == "decision" else OUTCOME_KEYS
            if event not in ("decision", "outcome") or not keys <= record.keys():
                raise Failure(f"audit: a part is missing: {sorted(keys - record.keys())} in {record}")
            if not isinstance(request_id, str) or not ULID.fullmatch(request_id):
                raise Failure(f"audit: not an id: {request_id!r}")
            if event == "decision":
                if request_id in seen:
                    raise Failure(f"audit: two decisions with id {request_id}")
                status = (record["response"] or {}).get("status")
                if record["verdict"] in ("allow", "observe"):
                    open_ids[request_id] = record
                elif (status is None) != (record["rule"] == "client_closed") and not (status is None and record["rule"] == "shutting_down"):
                    raise Failure(f"audit: the answer is missing, or nobody was there for it: {record}")
                seen[request_id] = status
            else:
                if request_id not in open_ids:
                    raise Failure(f"audit: an outcome without a decision that lets through: {record}")
                del open_ids[request_id]
                seen[request_id] = (record["response"] or {}).get("status")
        if open_ids:
            raise Failure(f"audit: no outcome for {list(open_ids.values())}")
        for request_id, status in ids:
            if request_id not in seen:
                raise Failure(f"audit: the answer {status} with id {request_id} is not on record:\n" + self.listing())
            if seen[request_id] != status:
                raise Failure(f"audit: {request_id} got {status}, on record is {seen[request_id]}")

    def check_expected(self, wanted, unordered):
        """All records of requests, one by one."""
        records = [r for r in self.records() if r.get("event") != "lifecycle"]
        if len(records) != len(wanted):
            raise Failure(f"audit: {len(records)} records, wanted {len(wanted)}:\n" + self.listing())
        for want in wanted:
            candidates = records if unordered else records[:1]
            found = next((r for r in candidates if matches(want, r)), None)
            if found is None:
                raise Failure(f"audit: wanted {json.dumps(want)}\n      there are:\n" + self.listing())
            records.remove(found)

    def check_reports(self):
        text = self.text_of("stderr")
        if REPORT.search(text):
            raise Failure("quaygated's stderr has a report:\n" + text[-6000:])


def connect(address, credentials):
    """A connected socket, as another user where asked (SO_PEERCRED is taken from connect's caller)."""
    if credentials:
        uid, gid, groups = credentials
        old_groups = os.getgroups()
        os.setgroups(groups)
        os.setegid(gid)
        os.seteuid(uid)
    try:
        if address.startswith("/"):
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(address)
        else:
            host, port = address.rsplit(":", 1)
            sock = socket.create_connection((host, int(port)))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    finally:
        if credentials:
            os.seteuid(0)
            os.setegid(0)
            os.setgroups(old_groups)
    return sock
