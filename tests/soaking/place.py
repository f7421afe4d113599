# SPDX-License-Identifier: Apache-2.0
"""Where a soak takes place: a folder with a private engine and a gate in front of it, and the processes of its clients.
Everything that runs is ended by its process id, and nothing else is."""

import glob
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from tally import CutOff

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
ENGINE_SH = os.path.join(TESTS, "support", "engine.sh")
PATIENCE = 120  # seconds for one command of a client
POLICIES = ["monitoring", "ci", "tenant", "hides"]


def http_get(path, target, method="GET", timeout=30):
    """Status and body, over a unix socket, in a connection of its own."""
    connection = http.client.HTTPConnection("docker")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(timeout)
        sock.connect(path)
        connection.sock = sock
        connection.request(method, target)
        reply = connection.getresponse()
        return reply.status, reply.read()


class Place:
    def __init__(self, build):
        self.dir = tempfile.mkdtemp(prefix="qg.", dir="/tmp")  # short: socket paths must fit 107 bytes
        self.build = build
        self.engine_dir = self.path(os.path.basename(self.dir)[3:])  # its name is that of the engine's namespace in containerd
        self.engine_socket = os.path.join(self.engine_dir, "docker.sock")
        self.gate = None
        self.stopping = threading.Event()
        self.rotations = 0
        self._children = set()
        self._lock = threading.Lock()
        for name in (self.engine_dir, self.path("share"), self.path("config")):
            os.mkdir(name)
        with open(self.path("share", "file"), "w", encoding="ascii") as file:
            file.write("content of share\n")
        with open(os.open(self.path("answers.key"), os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
            file.write(os.urandom(32))

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def socket(self, policy):
        return self.path(policy + ".sock")

    # --- the engine

    def engine(self, verb):
        """engine.sh; not through pipes, which dockerd would hold open, and not ended by a ^C at the terminal."""
        with open(self.path("engine.out"), "ab") as log:
            code = subprocess.call([ENGINE_SH, verb, self.engine_dir], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   start_new_session=True)
        if code:
            with open(self.path("engine.out"), encoding="utf-8", errors="replace") as log:
                raise RuntimeError(f"engine.sh {verb}: {log.read()[-500:]}")

    def behind(self, *arguments):
        """docker at the engine itself, past the gate."""
        return self.call(["docker", "-H", "unix://" + self.engine_socket, *arguments])

    def containers(self):
        """{name: (state, command)} at the engine itself."""
        status, body = http_get(self.engine_socket, "/v1.41/containers/json?all=1")
        if status != 200:
            raise RuntimeError(f"the engine says {status}")
        return {(c["Names"] or ["/?"])[0][1:]: (c["State"], c["Command"]) for c in json.loads(body)}

    # --- the gate

    def write_config(self, broken=False):
        with open(os.path.join(HERE, "gate.yaml"), encoding="utf-8") as file:
            text = file.read()
        with open(os.path.join(TESTS, "threats", "policy.yaml"), encoding="utf-8") as file:
            threats = file.read().split("policies:\n", 1)[1]
        names = re.findall(r"^  ([a-z0-9-]+):$", threats, re.MULTILINE)
        listeners = "".join(f'  - {{address: "unix://{self.dir}/t-{name}.sock", policy: {name}}}\n' for name in names)
        text = text.replace("@DIR@", self.dir).replace("@ENGINE@", self.engine_socket).replace("@THREATS@", listeners) + threats
        if broken:
            text = text.replace("policy: tenant}", "policy: tenants}", 1)
        with open(self.path("new.yaml"), "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(self.path("new.yaml"), self.path("gate.yaml"))
        return POLICIES + ["t-" + name for name in names]

    def start_gate(self):
        names = self.write_config()
        with open(self.path("log"), "wb") as log:
            self.gate = subprocess.Popen(  # pylint: disable=consider-using-with
                [os.path.join(self.build, "daemon", "quaygated"), "--config", self.path("gate.yaml")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        wait_for("the gate", 15, lambda: self.gate.poll() is not None or
                 all(os.path.exists(self.socket(name)) for name in names + ["metrics"]))
        if self.gate.poll() is not None:
            raise RuntimeError(f"quaygated ended with {self.gate.returncode}: {self.log()[-800:]}")

    def log(self):
        with open(self.path("log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def rotate(self):
        """As logrotate does it. The old file is whole once the new one is there."""
        self.rotations += 1
        os.rename(self.path("audit.jsonl"), self.path(f"audit.jsonl-{self.rotations:06d}"))
        self.gate.send_signal(signal.SIGUSR1)
        wait_for("a new audit file", 10, lambda: os.path.exists(self.path("audit.jsonl")))

    def trail(self):
        return sorted(glob.glob(self.path("audit.jsonl-*"))) + [self.path("audit.jsonl")]

    def metrics(self):
        """{series: value}"""
        status, body = http_get(self.socket("metrics"), "/metrics")
        if status != 200:
            raise AssertionError(f"/metrics says {status}")
        series = {}
        for line in body.decode().splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                series[name] = float(value)
        return series

    def resident_kib(self):
        with open(f"/proc/{self.gate.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.gate.pid}/fd"))

    # --- clients' processes

    def spawn(self, argv, **more):
        with self._lock:
            if self.stopping.is_set():
                raise CutOff()
            process = subprocess.Popen(argv, **more)  # pylint: disable=consider-using-with
            self._children.add(process)
        return process

    def forget(self, process):
        with self._lock:
            self._children.discard(process)

    def call(self, argv, stdin=None, env=None):
        """(exit code, stdout, stderr) of a client that ends by itself."""
        process = self.spawn(argv, stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, env=dict(os.environ, **(env or {})))
        try:
            out, err = process.communicate(stdin, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{' '.join(argv[-6:])} hung for {PATIENCE} s") from None
        finally:
            self.reap(process)
        if self.stopping.is_set():
            raise CutOff()
        return process.returncode, out.decode(errors="replace").strip(), err.decode(errors="replace").strip()

    def reap(self, process):
        if process.poll() is None:
            process.kill()
            process.wait()
        self.forget(process)

    def end_clients(self):
        """Who still runs is ended; what they were at is cut off."""
        with self._lock:
            self.stopping.set()
            for process in self._children:
                if process.poll() is None:
                    process.kill()  # docker run would hand a milder signal on to its container

    # --- the end

    def stop_gate(self):
        """Its exit code; None where it had to be killed."""
        if self.gate is None:
            return None
        if self.gate.poll() is None:
            self.gate.send_signal(signal.SIGTERM)
            try:
                self.gate.wait(45)
            except subprocess.TimeoutExpired:
                self.gate.kill()
                self.gate.wait()
                return None
        return self.gate.returncode

    def remove(self):
        self.end_clients()
        self.stop_gate()
        try:
            self.engine("remove")
        finally:
            if not os.path.exists(self.engine_dir):  # what is still mounted there must not be emptied
                shutil.rmtree(self.dir, ignore_errors=True)


def wait_for(what, seconds, condition):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come within {seconds} s")
