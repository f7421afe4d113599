# SPDX-License-Identifier: Apache-2.0
"""The clients of a soak. Each is a class with rounds(): what it does once, again and again, and what must come of it."""

import http.client
import os
import socket
import subprocess
import time

import threat_cases

from place import PATIENCE
from tally import CutOff

MIB = 1 << 20
OFFLINE = ("--network", "none")
BUILT = "echo built > /built"


def check(condition, message):
    if not condition:
        raise AssertionError(message)


class Client:
    name = ""
    pause = 0.2  # seconds between two rounds: the load stays bounded

    def __init__(self, place, tally, presence):
        self.place, self.tally, self.presence = place, tally, presence
        self.n = 0

    def loop(self):
        while not self.place.stopping.is_set():
            with self.presence:
                self.n += 1
                try:
                    self.rounds()
                except CutOff:
                    return
                except Exception as error:  # pylint: disable=broad-except
                    self.tally.add((self.name, "a round"), problem=f"{type(error).__name__}: {error}")
            self.place.stopping.wait(self.pause)

    def rounds(self):
        raise NotImplementedError

    def does(self, what, function):
        if self.place.stopping.is_set():
            raise CutOff()
        self.tally.run((self.name, what), function)


class Cli(Client):
    """The docker CLI: Debian's and a newer one in turn, where both are there."""

    binaries = [path for path in ("/usr/bin/docker", "/usr/local/bin/docker") if os.access(path, os.X_OK)] or ["docker"]

    def docker(self, policy, *arguments, stdin=None):
        return self.place.call([self.binaries[self.n % len(self.binaries)], *arguments], stdin, self.environment(policy))

    def environment(self, policy):
        return {"DOCKER_HOST": "unix://" + self.place.socket(policy), "DOCKER_CONFIG": self.place.path("config"),
                "DOCKER_BUILDKIT": "0"}

    def works(self, policy, *arguments, says="", stdin=None, code=0, what=None, lacks=None):
        def one():
            got, out, err = self.docker(policy, *arguments, stdin=stdin)
            check(got == code, f"ended with {got}: {err or out}")
            check(says in out, f"no {says!r} in {out[-300:]!r}")
            check(lacks is None or lacks not in out + err, f"{lacks!r} is told")

        self.does(what or arguments[0], one)

    def denied(self, policy, operation, *arguments, says="", stdin=None, what=None):
        def one():
            got, out, err = self.docker(policy, *arguments, stdin=stdin)
            sentence = f"quaygate: {operation} denied by policy {policy}: "
            check(got != 0 and sentence in out + err, f"ended with {got}, no {sentence!r} in {(out + err)[-400:]!r}")
            check(says in out + err, f"no {says!r} in {(out + err)[-400:]!r}")

        self.does(what or f"denied: {operation}", one)


class Watcher(Cli):
    """Looks, and may do nothing."""

    name = "monitoring"

    def rounds(self):
        self.works("monitoring", "ps", "-a", says="corpus1")
        self.works("monitoring", "inspect", "corpus1", says="corpus1")
        self.works("monitoring", "images", says="bb")
        self.works("monitoring", "version", says="Engine")
        self.works("monitoring", "info", says="Storage Driver")
        self.denied("monitoring", "ContainerCreate", "run", "--rm", *OFFLINE, "bb", "true")
        self.denied("monitoring", "ContainerExec", "exec", "corpus1", "true")
        self.denied("monitoring", "ContainerLogs", "logs", "corpus1")
        self.denied("monitoring", "ContainerKill", "kill", "corpus1")
        self.denied("monitoring", "ContainerDelete", "rm", "-f", "corpus1")


class Secrets(Cli):
    """Is told of a container, and not its secrets."""

    name = "hides"

    def rounds(self):
        self.works("hides", "inspect", "corpus1", says="corpus1", lacks="swordfish", what="inspect, redacted")
        self.works("hides", "ps", "-a", "--no-trunc", "--format", "{{json .}}", says="corpus1", lacks="swordfish", what="ps, redacted")
        self.denied("hides", "ContainerCreate", "run", "--rm", *OFFLINE, "bb", "true")


class Job(Cli):
    """A CI job: runs, enters, attaches, types; and asks for more than it may."""

    name = "ci"

    def run(self, *more):
        return ("run", "--rm", "--name", f"soak-ci-{self.n}", *OFFLINE, *more)

    def rounds(self):
        share = self.place.path("share")
        self.works("ci", *self.run("bb", "sh", "-c", "echo out; exit 7"), says="out", code=7)
        self.works("ci", *self.run("-v", f"{share}:/s:ro", "bb", "cat", "/s/file"), says="content of share", what="run, bind mount")
        data = os.urandom(MIB)
        self.works("ci", *self.run("-i", "bb", "md5sum"), stdin=data, says="  -", what="run -i, 1 MiB typed")
        for what, operation, says, more in (
                ("--privileged", "ContainerCreate", "containers.privileged", ("--privileged",)),
                ("-v /", "ContainerCreate", "containers.bind_mounts", ("-v", "/:/host")),
                ("--pid host", "ContainerCreate", "HostConfig.PidMode", ("--pid", "host")),
                ("too much memory", "ContainerCreate", "containers.limits", ("-m", "2g"))):
            self.denied("ci", operation, *self.run(*more, "bb", "true"), says=says, what=f"denied: {what}")
        self.enter()

    def enter(self):
        name = f"soak-long-{self.n}"
        self.works("ci", "run", "-d", "--name", name, *OFFLINE, "bb", "sh", "-c",
                   "for i in 1 2 3 4 5 6 7 8 9; do echo line $i; sleep 0.2; done; sleep 300", what="run -d")
        try:
            self.works("ci", "exec", name, "sh", "-c", "echo in; exit 3", says="in", code=3)
            self.works("ci", "exec", "-i", name, "cat", stdin=b"typed\n", says="typed", what="exec -i")
            self.works("ci", "logs", name, says="line 1")
            self.does("logs -f, attach", lambda: self.follow(name))
            self.works("ci", "cp", f"{name}:/etc/passwd", "-", says="root:x", what="cp")
            self.denied("ci", "ContainerKill", "kill", name)
        finally:
            self.works("ci", "stop", "-t", "0", name)
            self.works("ci", "rm", "-f", name)

    def follow(self, name):
        """Two streams of one container, which the client leaves in the middle."""
        for arguments in (("logs", "-f", name), ("attach", "--no-stdin", name)):
            process = self.place.spawn([self.binaries[0], *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, env=dict(os.environ, **self.environment("ci")))
            try:
                if arguments[0] == "logs":
                    line = process.stdout.readline()
                    if not line and self.place.stopping.is_set():
                        raise CutOff()
                    check(line == b"line 1\n", f"the log begins with {line!r}")
                else:
                    if self.place.stopping.wait(0.4):
                        raise CutOff()
                    check(process.poll() is None, f"{arguments[0]} ended with {process.returncode}")
            finally:
                self.place.reap(process)
                process.stdout.close()


class Builder(Cli):
    """Uploads and downloads: build, save, load."""

    name = "builder"
    pause = 1

    def rounds(self):
        tag = f"soak-built:{self.n % 3}"
        saved = self.place.path(f"saved-{self.n}.tar")
        self.works("ci", "build", "--network", "none", "--no-cache", "-t", tag, "-",
                   stdin=f"FROM bb\nLABEL n={self.n}\nRUN {BUILT}\n".encode(), says="Successfully")
        self.denied("ci", "ImageBuild", "build", "--network", "host", "-t", tag, "-", stdin=b"FROM bb\nRUN true\n",
                    what="denied: build --network host")
        self.denied("monitoring", "ImageBuild", "build", "--network", "none", "-", stdin=b"FROM bb\n")
        try:
            self.works("ci", "save", "-o", saved, tag)
            self.works("ci", "load", "-i", saved, says=tag)
            self.denied("monitoring", "ImageLoad", "load", "-i", saved)
        finally:
            if os.path.exists(saved):
                os.unlink(saved)
        self.works("ci", "rmi", "-f", tag, says="Untagged")
        self.denied("hides", "ImageGetAll", "save", "-o", saved, "bb")


class Events(Cli):
    """A stream of events, open over what others do."""

    name = "events"
    pause = 0.5

    def rounds(self):
        self.does("events", self.stream)

    def stream(self):
        name = f"soak-event-{self.n}"
        process = self.place.spawn([self.binaries[self.n % len(self.binaries)], "events", "--filter", f"container={name}"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   env=dict(os.environ, **self.environment("monitoring")))
        try:
            time.sleep(1)  # it says nothing when it has begun
            code, out, err = self.docker("ci", "create", "--name", name, *OFFLINE, "bb", "true")
            check(code == 0, f"create: {err or out}")
            line = process.stdout.readline()  # the engine's own removal below would end this too
            code, out, err = self.docker("ci", "rm", name)
            check(code == 0, f"rm: {err or out}")
            check(b"create" in line, f"the event was {line!r}")
        finally:
            self.place.reap(process)
            process.stdout.close()


class Library(Client):
    """python3-docker, as a tenant who sees what is his own."""

    name = "docker-py"

    def rounds(self):
        import docker  # pylint: disable=import-outside-toplevel

        client = docker.DockerClient(base_url="unix://" + self.place.socket("tenant"), version="auto", timeout=PATIENCE)
        try:
            self.tenant(client, docker.errors)
        finally:
            client.close()

    def tenant(self, client, errors):
        name = f"soak-py-{self.n}"
        options = {"network_mode": "none", "name": name}

        def run():
            check(client.containers.run("bb", ["echo", "hi"], remove=True, **options) == b"hi\n", "another output")

        def mine():
            made = client.containers.run("bb", ["sh", "-c", "echo 1; echo 2; sleep 300"], detach=True, **options)
            try:
                # Not containers.list(), which inspects each, when the tenant's other client may have removed it.
                listed = [c["Names"][0][1:] for c in client.api.containers(all=True)]
                check(name in listed and "corpus1" not in listed, f"listed: {listed}")
                # The library loses what comes in one packet with the head of a 101.
                result = made.exec_run(["sh", "-c", "sleep 0.3; echo in; exit 4"])
                check(result == (4, b"in\n"), f"exec: {result}")
                stream = made.logs(stream=True, follow=True)
                check(next(stream)[:1] == b"1", "another log")
                stream.close()
            finally:
                made.remove(force=True)

        def volume():
            made = client.volumes.create(f"soak-volume-{self.n}")
            check(client.volumes.get(made.name).id == made.id, "another volume")
            made.remove()

        self.does("run", run)
        self.does("run, list, exec, logs, remove", mine)
        self.does("volume", volume)
        for what, function in (("inspect", lambda: client.containers.get("corpus1")),
                               ("remove", lambda: client.api.remove_container("corpus1", force=True)),
                               ("exec", lambda: client.api.exec_create("corpus1", "id"))):
            self.does(f"not his: {what}", lambda function=function: self.raises(errors.APIError, 404, "", function))
        self.does("denied: privileged", lambda: self.raises(
            errors.APIError, 403, "HostConfig.Privileged=true", lambda: client.containers.run("bb", "true", privileged=True, **options)))
        self.does("denied: rename", lambda: self.raises(
            errors.APIError, 403, "ContainerRename denied by policy tenant", lambda: client.api.rename("corpus1", "x")))

    @staticmethod
    def raises(kind, status, says, function):
        try:
            function()
        except kind as error:
            check(error.response.status_code == status, f"{error.response.status_code}: {error.explanation}")
            check(says in str(error.explanation), f"no {says!r} in {error.explanation!r}")
            return
        raise AssertionError("let through")


PROJECT = """\
version: "2.4"
services:
  talker:
    image: bb
    network_mode: none
    command: ["sh", "-c", "echo talking; sleep 300"]
    stop_grace_period: 0s
%s"""


class Compose(Client):
    """docker-compose, as the same tenant."""

    name = "compose"
    pause = 1

    def compose(self, *arguments, extra=""):
        folder = self.place.path("project")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "docker-compose.yml"), "w", encoding="ascii") as file:
            file.write(PROJECT % extra)
        # Compose v1 would speak the file format's old API version, in which a judged body is refused.
        return self.place.call(["docker-compose", "-f", os.path.join(folder, "docker-compose.yml"), "-p", "soak", *arguments], None,
                               {"DOCKER_HOST": "unix://" + self.place.socket("tenant"), "COMPOSE_API_VERSION": "1.41",
                                "DOCKER_CONFIG": self.place.path("config"), "COMPOSE_HTTP_TIMEOUT": "60"})

    def works(self, says, *arguments):
        code, out, err = self.compose(*arguments)
        check(code == 0 and says in out, f"ended with {code}: {err or out}")

    def rounds(self):
        self.does("up", lambda: self.works("", "up", "-d"))
        self.does("ps", lambda: self.works("talker", "ps"))
        self.does("logs", lambda: self.works("talking", "logs"))
        self.does("down", lambda: self.works("", "down"))
        self.does("denied: up with /", self.denied)

    def denied(self):
        code, out, err = self.compose("up", "-d", extra="    volumes: ['/:/host']\n")
        sentence = "quaygate: ContainerCreate denied by policy tenant: "
        check(code != 0 and sentence in out + err and "containers.bind_mounts" in out + err, f"ended with {code}: {err or out}")


class Attacker(Client):
    """Every case of tests/threats that must be denied, in turn, as bytes."""

    name = "attacker"
    pause = 0.05
    at_once = 20

    def __init__(self, *arguments):
        super().__init__(*arguments)
        cases = threat_cases.read_all(threat_cases.paths())
        # Of several requests the first may be allowed. Where that is a create, a stranger would tell nothing.
        self.cases = [c for c in cases if not c.allowed and
                      not (c.check == "smuggle" and b"/containers/create" in c.request.split(b"\r\n")[0])]
        self.next = 0

    def rounds(self):
        for _ in range(self.at_once):
            case = self.cases[self.next % len(self.cases)]
            self.next += 1
            self.does(f"threats: {case.check}", lambda case=case: self.send(case))

    def send(self, case):
        half = case.check == "create-half"
        answer = self.talk(self.place.socket("t-" + (case.policy or "corpus")), case.request, half)
        if case.check == "smuggle":  # that nothing came of it shows at the engine
            check(answer[:9] == b"HTTP/1.1 ", f"{case.case}: the answer was {answer[:200]!r}")
        else:
            check(answer[:10] == b"HTTP/1.1 4", f"{case.case}: the answer was {answer[:300]!r}")

    @staticmethod
    def talk(path, request, half):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(20)
            sock.connect(path)
            try:
                sock.sendall(request)
                if half:
                    sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # what is refused early is not read to its end
            answer = b""
            sock.settimeout(0.5)
            for turn in ("open", "half-closed"):
                try:
                    while b"\r\n\r\n" not in answer and (data := sock.recv(65536)):
                        answer += data
                    return answer
                except TimeoutError:
                    if turn == "open" and not half:
                        sock.shutdown(socket.SHUT_WR)
                    sock.settimeout(20)
                except OSError:
                    return answer
            return answer


class Asker(Client):
    """Plain HTTP in kept connections, from several at once: allowed and denied in turn."""

    name = "http"
    pause = 0.3
    connections = 8
    requests = 40

    def rounds(self):
        crowd = [http.client.HTTPConnection("docker") for _ in range(self.connections)]
        for connection in crowd:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(30)
            connection.sock.connect(self.place.socket("monitoring"))
        try:
            self.ask(crowd, "GET /_ping, kept", "GET", "/_ping", 200)
            self.ask(crowd, "GET /containers/json, kept", "GET", "/v1.41/containers/json?all=1", 200)
            self.ask(crowd, "denied: ContainerStart, kept", "POST", "/v1.41/containers/corpus2/start", 403)
            self.ask(crowd, "denied: no operation, kept", "GET", "/v1.41/nothing", 403)
        finally:
            for connection in crowd:
                connection.close()
        self.does("/metrics", lambda: check(self.place.metrics()["quaygate_audit_writable"] == 1, "the trail is not written"))

    def ask(self, crowd, what, method, target, status):
        for n in range(self.requests):
            self.does(what, lambda n=n: self.one(crowd[n % len(crowd)], method, target, status))

    @staticmethod
    def one(connection, method, target, status):
        connection.request(method, target)
        reply = connection.getresponse()
        body = reply.read()
        check(reply.status == status, f"{reply.status} {body[:300]!r}")
        check((reply.getheader("X-Quaygate-Request") is None) == (status == 200), "whose answer is it?")


EVERY = (Watcher, Secrets, Job, Builder, Events, Library, Compose, Attacker, Asker)


def make_corpus(place):
    """What the clients find: a container that runs and has a secret, and one that never ran."""
    there = place.containers()
    for name, wanted in (("corpus1", "running"), ("corpus2", "created")):
        if there.get(name, ("", ""))[0] == wanted:
            continue
        place.behind("rm", "-f", name)
        arguments = ["--name", name, *OFFLINE, "-e", "PASSWORD=swordfish", "--label", "api.token=swordfish", "bb", "sleep", "1000000"]
        code, _, err = place.behind(*(["run", "-d"] if wanted == "running" else ["create"]), *arguments)
        if code:
            raise RuntimeError(f"{name} can't be made: {err}")


def strangers(place):
    """Containers that no client was allowed to make. Those of a build are the engine's own, and have names drawn by lot."""
    return sorted(name for name, (_, command) in place.containers().items()
                  if not name.startswith(("soak", "corpus")) and not name.split("_")[1:2] == ["soak"] and not is_of_build(command))


def is_of_build(command):
    """A container for each line of a Dockerfile, with this command."""
    return BUILT in command or command.startswith("/bin/sh -c '#(nop) ")
