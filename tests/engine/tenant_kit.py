# SPDX-License-Identifier: Apache-2.0
"""Two tenants on one engine, `a` and `b` (tenants.yaml): what b has, and each request by which a could name it."""

import http.client
import json
import os
import socket
import urllib.parse

from kit import ENGINE_DIR, Docker, Gate, check, engine_docker, need_command, need_gate

V = "/v1.41"
MOST = 4 << 20  # bytes of an answer: Podman's archive of a running container's / has all of its /proc, without end
POLICIES = ("a", "b", "shop", "names", "judged")
_gate = None


class Socket(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("docker", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)

    def call(self, method, path, body=None, read=True):
        """Status and content."""
        text = None if body is None else json.dumps(body).encode()
        try:
            self.request(method, path, text, {"Content-Type": "application/json"} if text else {})
            response = self.getresponse()
            content = response.read(MOST) if read else b""
        except (http.client.HTTPException, OSError):
            self.close()
            raise
        if not read or response.will_close or not response.isclosed():
            self.close()
        return response.status, content.decode(errors="replace")


def gate():
    global _gate  # pylint: disable=global-statement
    need_gate()
    if _gate is None:
        _gate = Gate(config="tenants.yaml", policies=POLICIES)
    return _gate


def tenant(name):
    return Docker(gate(), name, need_command("docker"))


def http_of(name):
    return Socket(gate().socket(name))


def engine():
    return Socket(os.path.join(ENGINE_DIR, "docker.sock"))


def inspect(name):
    return json.loads(engine().call("GET", f"{V}/containers/{name}/json")[1])


def remove(*names):
    for name in names:
        engine().call("DELETE", f"{V}/containers/{name}?force=1&v=1")


def aliases(name, full):
    """What dockerd would find it by, and what looks like it."""
    return [name, full, full[:12], full[:5], name.upper(), full.upper(), "/" + name, "%2F" + name, name + "%00", full[:63]]


class Other:
    """What tenant b has."""

    def __enter__(self):
        b = tenant("b")
        self.name, self.volume, self.network, self.image = "t-theirs", "t-their-vol", "t-their-net", "t-their-image:1"
        self.full = b("run", "-d", "--name", self.name, "--network", "none", "bb", "sleep", "600").ok().text
        b("volume", "create", self.volume).ok()
        self.network_id = b("network", "create", self.network).ok().text
        self.image_id = b("commit", self.name, self.image).ok().text
        self.exec = json.loads(http_of("b").call("POST", f"{V}/containers/{self.name}/exec", {"Cmd": ["touch", "/reached"]})[1])["Id"]
        self.before = self.state()
        return self

    def state(self):
        told = inspect(self.full)
        return (told["Name"], told["State"], told["HostConfig"]["Memory"], told["ExecIDs"], told["NetworkSettings"]["Networks"].keys(),
                engine_docker("diff", self.full).text)

    def secrets(self):
        return [self.name, self.full[:12], self.volume, self.network, self.network_id[:12], self.image.split(":", maxsplit=1)[0],
                self.image_id[7:19], self.exec[:12]]

    def check_untouched(self, what):
        check(str(self.state()) == str(self.before), f"{what}: {self.state()} was {self.before}")

    def __exit__(self, *_):
        remove(self.full)
        for thing, name in (("volume", self.volume), ("network", self.network), ("image", self.image)):
            engine_docker(thing, "rm", "-f" if thing != "network" else self.network, name)
            engine_docker(thing, "rm", name)


def container_requests(alias):
    """Each operation that names a container, by its path, its query or its body."""
    c = f"{V}/containers/{alias}"
    quoted = urllib.parse.unquote(alias)
    for path in ("json", "top", "logs?stdout=1", "stats?stream=0", "changes", "export", "archive?path=/", "attach/ws"):
        yield "GET", f"{c}/{path}", None
    yield "HEAD", f"{c}/archive?path=/", None
    for path in ("kill", "pause", "unpause", "restart", "start", "stop", "wait", "resize?h=1&w=1", "attach?stream=1", "rename?name=t-x"):
        yield "POST", f"{c}/{path}", None
    yield "POST", f"{c}/update", {"Memory": 8388608}
    yield "POST", f"{c}/exec", {"Cmd": ["touch", "/reached"]}
    yield "PUT", f"{c}/archive?path=/", None
    yield "DELETE", f"{c}?force=1", None
    yield "POST", f"{V}/commit?container={alias}&repo=t-stolen", None
    for host in ({"VolumesFrom": [quoted]}, {"PidMode": f"container:{quoted}"}, {"NetworkMode": f"container:{quoted}"},
                 {"IpcMode": f"container:{quoted}"}, {"Links": [f"{quoted}:x"]}):
        yield "POST", f"{V}/containers/create?name=t-stolen", {"Image": "bb", "Cmd": ["true"], "HostConfig": host}
    yield "GET", f"{V}/containers/json?all=1&filters=" + urllib.parse.quote(json.dumps({"before": [quoted]})), None


def other_requests(other):
    for alias in (other.volume,):
        yield "GET", f"{V}/volumes/{alias}", None
        yield "DELETE", f"{V}/volumes/{alias}?force=1", None
        yield "POST", f"{V}/volumes/create", {"Name": alias}
        yield "POST", f"{V}/containers/create?name=t-stolen", {"Image": "bb", "HostConfig": {"Binds": [f"{alias}:/d"]}}
        yield "POST", f"{V}/containers/create?name=t-stolen", {
            "Image": "bb", "HostConfig": {"Mounts": [{"Type": "volume", "Source": alias, "Target": "/d"}]}}
    for alias in (other.network, other.network_id, other.network_id[:12], other.network_id[:4]):
        yield "GET", f"{V}/networks/{alias}", None
        yield "DELETE", f"{V}/networks/{alias}", None
        yield "POST", f"{V}/networks/{alias}/connect", {"Container": "t-ours"}
        yield "POST", f"{V}/containers/create?name=t-stolen", {"Image": "bb", "HostConfig": {"NetworkMode": alias}}
        yield "POST", f"{V}/containers/create?name=t-stolen", {
            "Image": "bb", "HostConfig": {"NetworkMode": "none"}, "NetworkingConfig": {"EndpointsConfig": {alias: {}}}}
        # Under a network of one's own, the other's: the engine goes by the NetworkID.
        yield "POST", f"{V}/networks/t-ours-net/connect", {"Container": "t-ours", "EndpointConfig": {"NetworkID": alias}}
        yield "POST", f"{V}/containers/create?name=t-stolen", {
            "Image": "bb", "HostConfig": {"NetworkMode": "t-ours-net"},
            "NetworkingConfig": {"EndpointsConfig": {"t-ours-net": {"NetworkID": alias}}}}
    digest = other.image_id[7:]
    for alias in (other.image, other.image_id, digest, digest[:12], digest[:6], "docker.io/library/" + other.image):
        for path in ("json", "history", "get"):
            yield "GET", f"{V}/images/{alias}/{path}", None
        yield "POST", f"{V}/images/{alias}/tag?repo=t-stolen&tag=1", None
        yield "DELETE", f"{V}/images/{alias}?force=1", None
        yield "POST", f"{V}/containers/create?name=t-stolen", {"Image": alias, "Cmd": ["true"]}
    for path, body in (("start", {"Detach": True}), ("resize?h=1&w=1", None)):
        yield "POST", f"{V}/exec/{other.exec}/{path}", body
    yield "GET", f"{V}/exec/{other.exec}/json", None
