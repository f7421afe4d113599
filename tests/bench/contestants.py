# SPDX-License-Identifier: Apache-2.0
"""Who is measured by tests/bench/run: the gate, HAProxy as it is put before the socket, and the bench's own relays; and the engine."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

CLIENTS = 8192
GATE = """version: 1
upstream: unix://{engine}
listeners: [{{address: "unix://{socket}", policy: bench}}]
policies: {{bench: {{allow: [SystemPing, ContainerList, ContainerCreate, SystemEvents, ImageGetAll, ImageGet, ImageLoad, ExecStart]}}}}
limits: {{connections: {clients}, connections_per_client: {clients}}}
audit: {{sinks: [{{file: {folder}/audit.jsonl}}]}}
"""

# Method and path rules over the socket, in the manner of the images that are most used for it, as they are in 2026: what isn't to be
# done with a container, what is, a rule for each part of the API, by the alphabet, each switched by a variable; events have a backend
# of their own, which doesn't time out. Their log is kept, as the gate's trail is.
HAPROXY = """global
    {log}
    maxconn {clients}
defaults
    mode http
    log global
    {options}
    timeout http-request 10s
    timeout connect 10s
    timeout client 10m
    timeout server 10m
    timeout http-keep-alive 10m
    timeout tunnel 10m
frontend docker
    bind unix@{socket}
    http-request deny unless METH_GET || {{ env(POST) -m bool }}
    {rules}
    http-request deny
    use_backend events if {{ path,url_dec -m reg -i {api}/events }}
    default_backend engine
backend engine
    {reuse}
    server engine unix@{engine}
backend events
    server engine unix@{engine}
    timeout server 0
"""
API = r"^(/v[\d\.]+)?"
CONTAINER = "/containers/[a-zA-Z0-9_.-]+/"
REFUSED = ("exec", "kill", "attach", "archive", "export", "logs")
ACTIONS = ("restart", "start", "stop", "pause", "unpause")
PARTS = ("auth", "build", "commit", "configs", "containers", "distribution", "events", "exec", "grpc", "images", "info", "networks", "nodes",
         "_ping", "plugins", "secrets", "services", "session", "swarm", "system", "tasks", "version", "volumes")
OPEN = {"POST": "1", "CONTAINERS": "1", "EVENTS": "1", "EXEC": "1", "IMAGES": "1", "PING": "1"}


def haproxy_rules():
    def rule(verdict, path, switch):
        return f"http-request {verdict} if {{ path,url_dec -m reg -i {API}{path} }} {switch} -m bool }}"

    for action in REFUSED:
        yield rule("deny", CONTAINER + action, f"!{{ env(ALLOW_{action.upper()})")
    for action in ACTIONS:
        yield rule("allow", CONTAINER + action, f"{{ env(ALLOW_{action.upper()})")
    for part in PARTS:
        yield rule("allow", f"/{part}", f"{{ env({part.strip('_').upper()})")


def haproxy_config(socket_path, engine, tuned):
    return HAPROXY.format(
        log="log stdout format raw daemon info", clients=CLIENTS, socket=socket_path, engine=engine, rules="\n    ".join(haproxy_rules()), api=API,
        options="option httplog\n    option dontlognull\n    " + ("option http-keep-alive" if tuned else "option http-server-close\n    option redispatch"),
        reuse="http-reuse always" if tuned else "")


TRAIL_KEPT = 256 << 20  # bytes: more than a second's
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def end_with_us():
    """In a child, before its program: nothing of the bench outlives it, even where it is killed."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Server:
    """One that is measured, or the engine: its command, in a session of its own on the processor that all share."""

    def __init__(self, name, command, socket_path, cpu, trail=None, prints=False):
        """`trail`: a file that grows by each request; where it `prints`, what it writes to its standard output."""
        self.name, self.command, self.socket, self.cpu = name, command, socket_path, cpu
        self.trail, self.prints, self.process = trail, prints, None

    def start(self):
        """Returns how many milliseconds it took from there on where its program begins until it answered."""
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        told, tell = os.pipe()

        def prepare():
            end_with_us()
            os.sched_setaffinity(0, {self.cpu})
            os.write(tell, b"%f" % time.monotonic())

        with open(self.trail if self.prints else os.devnull, "ab") as output:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL,
                env={**os.environ, **OPEN}, start_new_session=True, preexec_fn=prepare)
        began = float(os.read(told, 64))
        os.close(told)
        os.close(tell)
        while time.monotonic() < began + 20:
            if ping(self.socket):
                return (time.monotonic() - began) * 1e3
            if self.process.poll() is not None:
                break
            time.sleep(0.0002)
        sys.exit(f"{self.name} doesn't serve: {' '.join(self.command)}")

    def forget_trail(self):
        """What its trail has left in the page cache, but for the end, which may not be on the disk yet. A virtual machine gets memory
        from its host when it first touches it: once the trails of a run had taken all that had been, each of the last rows' requests
        paid two microseconds for that."""
        if self.trail and os.path.exists(self.trail):
            with open(self.trail, "rb") as file:
                size = max(0, os.fstat(file.fileno()).st_size - TRAIL_KEPT)
                if size > 0:  # 0 bytes would be all of it
                    os.posix_fadvise(file.fileno(), 0, size, os.POSIX_FADV_DONTNEED)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def pids(self):
        """Of its session: HAProxy may fork."""
        for name in os.listdir("/proc"):
            try:
                if name.isdigit() and os.getsid(int(name)) == self.process.pid:
                    yield name
            except ProcessLookupError:
                pass

    def cpu_usec(self):
        total = 0
        for pid in self.pids():
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
                    total += int(file.read().split()[0])
        return total / 1e3

    def resident_kib(self):
        total = 0
        for pid in self.pids():
            with open(f"/proc/{pid}/status", encoding="ascii") as file:
                total += next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))
        return total


def ping(path):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(5)
        try:
            sock.connect(path)
            sock.sendall(b"GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n")
            return sock.recv(12) == b"HTTP/1.1 200"
        except OSError:
            return False


def engine(tools, folder, cpu):
    return Server("direct", [f"{tools}/bench-engine", f"{folder}/engine.sock"], f"{folder}/engine.sock", cpu)


def contestants(tools, daemon, folder, cpu):
    """All but the engine, as name to server; not started. `tools` is the folder of the bench's programs."""
    upstream, servers = f"{folder}/engine.sock", {}

    def write(name, text):
        with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
        return f"{folder}/{name}"

    def add(name, command, path, trail=None, prints=False):
        servers[name] = Server(name, command, path, cpu, trail, prints)

    path = f"{folder}/gate.sock"
    config = write("gate.yaml", GATE.format(engine=upstream, socket=path, folder=folder, clients=CLIENTS))
    add("quaygate", [daemon, "--config", config], path, f"{folder}/audit.jsonl")
    for mode in ("parse", "copy", "splice"):
        path = f"{folder}/{mode}.sock"
        add(f"relay-{mode}", [f"{tools}/bench-relay", mode, path, upstream], path)
    path = f"{folder}/trail.sock"
    add("relay-trail", [f"{tools}/bench-relay", "trail", path, upstream, f"{folder}/relay.trail"], path, f"{folder}/relay.trail")
    haproxy = shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin")
    if not haproxy:
        print("HAPROXY IS MISSING, and nothing is held against it: apt-get install haproxy", file=sys.stderr)
        return servers
    for name, tuned in (("haproxy tuned", True), ("haproxy", False)):
        path = f"{folder}/{name.replace(' ', '-')}.sock"
        config = write(name.replace(" ", "-") + ".cfg", haproxy_config(path, upstream, tuned))
        add(name, [haproxy, "-f", config, "-db"], path, f"{folder}/{name.replace(' ', '-')}.log", prints=True)
    return servers
