# SPDX-License-Identifier: Apache-2.0
"""What the engine tests share: the gate in front of the private engine, clients, and one line a test.

A test is a function with @test; it fails by an exception, is skipped by Skip. What it can't decide is a failure.
With GATE=direct the clients talk to the engine itself and everything about denials is skipped: so a client's test
can be proved without a gate.
"""

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
SUPPORT = os.path.join(TOP, "tests", "support")
DIRECT = os.environ.get("GATE") == "direct"
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(TOP, "build")))
ENGINE_DIR = os.environ.get("ENGINE_DIR", "")
PRESETS = ("prometheus-docker-sd", "prometheus-dockerswarm-sd", "dockge", "glances", "ryuk", "homepage", "homarr", "wud",
           "wud-update", "testcontainers", "netdata")
POLICIES = ("all", "monitoring", "read-only", "none", "work", "edges", "watch", "blind", *PRESETS)
PATIENCE = 90  # seconds for one command of a client: far more than any takes, less than a hang of the whole run

tests = []


class Skip(Exception):
    """The test can't be run here; the text says why."""


def test(function):
    tests.append(function)
    return function


def check(condition, message):
    if not condition:
        raise AssertionError(message)


def need_gate():
    if DIRECT:
        raise Skip("GATE=direct has no gate")


def need_command(path):
    found = shutil.which(path)
    if not found:
        raise Skip(f"there is no {path} here")
    return found


def wait_for(what, seconds, condition):
    """The condition's first true value; a TimeoutError that says what was waited for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise TimeoutError(f"{what} did not come within {seconds} s")


class Result:
    def __init__(self, argv, code, out, err):
        self.argv, self.code, self.out, self.err = argv, code, out, err

    @property
    def text(self):
        return self.out.decode(errors="replace").strip()

    @property
    def errors(self):
        return self.err.decode(errors="replace").strip()

    def ok(self):
        check(self.code == 0, f"{' '.join(self.argv[-6:])} ended with {self.code}: {self.errors[-300:] or self.text[-300:]}")
        return self

    def denied(self, operation, policy, *texts):
        """It failed, and printed our sentence."""
        both = self.errors + "\n" + self.text
        check(self.code != 0, f"{' '.join(self.argv[-6:])} was let through: {both[-300:]}")
        sentence = f"quaygate: {operation} denied by policy {policy}: "
        check(sentence in both, f"no {sentence!r} in {both[-400:]!r}")
        for text in texts:
            check(text in both, f"no {text!r} in {both[-400:]!r}")
        return self


def run(argv, stdin=None, env=None, timeout=PATIENCE):
    full = dict(os.environ, **(env or {}))
    feed = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
    try:
        done = subprocess.run(argv, capture_output=True, env=full, timeout=timeout, **feed)
    except subprocess.TimeoutExpired as late:
        tail = ((late.stdout or b"") + (late.stderr or b""))[-200:]
        raise AssertionError(f"{' '.join(argv[-6:])} hung for {timeout} s; it had printed {tail!r}") from None
    return Result(argv, done.returncode, done.stdout, done.stderr)


def temporary_directory():
    """A short one: socket paths must fit 107 bytes."""
    directory = tempfile.mkdtemp(prefix="qg.", dir="/tmp")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return directory


class Gate:
    """quaygated in front of an engine's socket, with a config of this folder: one socket a policy."""

    def __init__(self, engine_dir=None, extra="", config="gate.yaml", policies=POLICIES, before=()):
        self.dir = temporary_directory()
        self.engine = os.path.join(engine_dir or ENGINE_DIR, "docker.sock")
        self.audit = os.path.join(self.dir, "audit.jsonl")
        self.process = None
        self.before = before  # a command that runs the gate: unshare …
        os.chmod(self.dir, 0o755)
        for name in ("share", "fixed", "secret", "config"):
            os.mkdir(os.path.join(self.dir, name))
            with open(os.path.join(self.dir, name, "file"), "w", encoding="ascii") as file:
                file.write(f"content of {name}\n")
        if not DIRECT:
            self._start(extra, config, policies)

    def _start(self, extra, template, policies):
        with open(os.path.join(HERE, template), encoding="utf-8") as file:
            text = file.read().replace("@DIR@", self.dir).replace("@ENGINE@", self.engine) + extra
        config = os.path.join(self.dir, "gate.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(text)
        with open(os.path.join(self.dir, "log"), "wb") as log:
            # A small quarantine, so that the memory test means something in a sanitizer build too.
            options = "quarantine_size_mb=4:" + os.environ.get("ASAN_OPTIONS", "")
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                [*self.before, os.path.join(BUILD, "daemon", "quaygated"), "--config", config],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=dict(os.environ, ASAN_OPTIONS=options))
        atexit.register(self.stop)
        sockets = [os.path.join(self.dir, name + ".sock") for name in policies]
        try:
            wait_for("the gate's sockets", 15,
                     lambda: self.process.poll() is not None or all(os.path.exists(s) for s in sockets))
        finally:
            if self.process.poll() is not None or not all(os.path.exists(s) for s in sockets):
                sys.stderr.write("the gate does not start: " + self.log()[-1500:] + "\n")
        check(self.process.poll() is None, f"quaygated ended with {self.process.returncode} at once")

    def log(self):
        with open(os.path.join(self.dir, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def socket(self, policy):
        return self.engine if DIRECT else os.path.join(self.dir, policy + ".sock")

    def host(self, policy):
        return "unix://" + self.socket(policy)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def records(self):
        """The audit trail so far; a line that is no JSON is an error of the gate."""
        if not os.path.exists(self.audit):
            return []
        with open(self.audit, encoding="utf-8") as file:
            lines = file.read().split("\n")
        check(lines[-1] == "" or len(lines) == 1, "the audit trail ends in half a line")
        return [json.loads(line) for line in lines if line]

    def is_sanitized(self):
        """Whether it was built with AddressSanitizer, whose allocator holds back what is freed."""
        with open(os.path.join(BUILD, "daemon", "quaygated"), "rb") as file:
            return b"__asan_init" in file.read()

    def memory_peak_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
        raise AssertionError("no VmHWM")

    def stop(self):
        """Ends it; tells its exit code, None where it had to be killed."""
        if not self.process:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                return None
        return self.process.returncode


class Docker:
    """One docker CLI, talking to one policy's socket."""

    def __init__(self, gate, policy, binary="docker"):
        self.gate, self.policy, self.binary = gate, policy, binary
        self.env = {"DOCKER_HOST": gate.host(policy), "DOCKER_CONFIG": gate.path("config"), "DOCKER_BUILDKIT": "0"}

    def __call__(self, *arguments, stdin=None, timeout=PATIENCE, env=None):
        return run([self.binary, *arguments], stdin=stdin, env=dict(self.env, **(env or {})), timeout=timeout)

    def start(self, *arguments, **streams):
        """Started and left running; the caller ends it."""
        streams.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen([self.binary, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env=dict(os.environ, **self.env), **streams)


def curl(socket, path, *arguments):
    """Status and body of one request over a Unix socket."""
    result = run(["curl", "-s", "-m", "30", "-w", "\n%{http_code}", "--unix-socket", socket, *arguments,
                  "http://localhost" + path]).ok()
    body, status = result.text.rsplit("\n", 1) if "\n" in result.text else ("", result.text)
    return int(status), body


class Container:
    """A container that is there before the client looks: made at the engine itself, gone at the end."""

    count = 0

    def __init__(self, command, *options):
        Container.count += 1
        self.name = f"c{os.getpid()}x{Container.count}"
        self.command, self.options = command, options

    def __enter__(self):
        argv = self.command if isinstance(self.command, list) else ["sh", "-c", self.command]
        engine_docker("run", "-d", "--name", self.name, "--network", "none", *self.options, "bb", *argv).ok()
        return self.name

    def __exit__(self, *_):
        engine_docker("rm", "-f", self.name)


def cli_binaries():
    """Debian's docker CLI and a newer one beside it: they speak different API versions and differ in how."""
    found = [path for path in ("/usr/bin/docker", "/usr/local/bin/docker") if os.access(path, os.X_OK)]
    return found or [need_command("docker")]


def test_each_cli(function):
    """As @test, once a docker CLI; the function takes (policy → Docker)."""
    for binary in cli_binaries():
        version = run([binary, "--version"]).text.split()[2].rstrip(",")
        name = f"{function.__name__}_{version}"

        def one(binary=binary):
            function(lambda policy: Docker(the_gate(), policy, binary))

        one.__name__ = name
        tests.append(one)
    return function


_gate = None


def the_gate():
    """The gate of this program, started by the first test that wants it."""
    global _gate  # pylint: disable=global-statement
    if _gate is None:
        _gate = Gate()
    return _gate


def engine_docker(*arguments, stdin=None):
    """The docker CLI at the engine itself: set-up and looks behind the gate."""
    return run(["docker", "-H", f"unix://{ENGINE_DIR}/docker.sock", *arguments], stdin=stdin)


def private_engine(verb, directory, **env):
    """engine.sh VERB of an engine beside the run's own; `env`: what its head says."""
    # Not through pipes: dockerd would hold them open.
    with open(directory + ".log", "wb") as log:
        code = subprocess.call([os.path.join(SUPPORT, "engine.sh"), verb, directory], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                               env=dict(os.environ, **env))
    with open(log.name, encoding="utf-8", errors="replace") as said:
        text = said.read()
    os.unlink(log.name)
    check(code == 0, f"engine.sh {verb}: {text[-300:]}")


def main():
    """Runs the tests of the program that calls it, in their order. Arguments are names; without, all of them."""
    wanted = sys.argv[1:]
    failed = 0
    for function in tests:
        name = function.__name__.replace("_", "-")
        if wanted and name not in wanted:
            continue
        try:
            function()
            line = f"ok {name}"
        except Skip as skip:
            line = f"skip {name}: {skip}"
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            line = f"not ok {name}: {type(error).__name__ + ': ' if not isinstance(error, AssertionError) else ''}{error}"
        print(" ".join(line.split()), flush=True)
    sys.exit(1 if failed else 0)
