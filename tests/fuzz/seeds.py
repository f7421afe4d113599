#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the targets' seeds, made of what the other tests have: tests/vectors, tests/threats, the presets.

usage: tests/fuzz/seeds.py FOLDER     FOLDER/NAME gets the seeds of target NAME
"""
import hashlib
import json
import re
import sys
from pathlib import Path

import yaml

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "support"))
import threat_cases  # noqa: E402

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE"]
POLICIES = 7  # of policies.yaml


def vector_files():
    for path in sorted([*TOP.glob("vectors/*.yaml"), *TOP.glob("vectors/presets/*.yaml")]):
        with open(path, encoding="utf-8") as file:
            yield path, yaml.load(file, Loader=yaml.CSafeLoader)


def requests():
    """(method, target, body or None) of each vector."""
    for _, tables in vector_files():
        for vector in tables.get("vectors", []):
            method, _, target = vector["request"].partition(" ")
            body = vector.get("body")
            yield method, target, None if body is None else str(body).encode()


def operations():
    """Each operation in the order of the catalogue, which the targets number them by."""
    row = re.compile(r'^ROUTE\((\w+), (\w+), "([^"]+)", "[^"]+", \d+, \d+, (\w+),', re.M)
    text = (TOP.parent / "policy/routes.def").read_text(encoding="utf-8")
    return [{"id": m[1], "method": m[2], "path": m[3], "body": m[4]} for m in row.finditer(text)]


def segments(target):
    path = target.partition("?")[0].strip("/").split("/")
    return path[1:] if path and path[0].startswith("v1.") else path


def fits(template, target):
    wanted, got = template.strip("/").split("/"), segments(target)
    return len(wanted) == len(got) and all(w == g or w.startswith("{") for w, g in zip(wanted, got))


class Seeds:
    def __init__(self, folder):
        self.folder = Path(folder)

    def add(self, target, data):
        folder = self.folder / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


def from_requests(seeds, catalogue):
    with_body = [o for o in catalogue if o["body"].startswith("JSON")]
    for number, (method, target, body) in enumerate(requests()):
        policy = number % POLICIES
        seeds.add("target", target.encode())
        if method in METHODS:
            head = bytes([METHODS.index(method), policy, number % 32])
            seeds.add("query", head + target.encode())
        if body is None:
            continue
        for index, operation in enumerate(with_body):
            if operation["method"] == method and fits(operation["path"], target):
                seeds.add("judge", bytes([index, policy, 1]) + body)
                break


ANSWERS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK",
    b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"d\r\n{\"Id\":\"4f5\"}\n\r\n0\r\n\r\n",
    b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n\1\0\0\0\0\0\0\5hello",
    b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 45\r\n\r\n"
    b"[{\"Id\":\"a\",\"Labels\":{\"x\":\"y\"},\"Command\":\"z\"}]",
]


def from_threats(seeds):
    for path in sorted(TOP.glob("threats/*.txt")):
        for number, case in enumerate(threat_cases.read_file(path)):
            blob = case.request
            seeds.add("head", bytes([number % 8]) + blob)
            if len(blob) < 0x10000:
                steps = bytes([number % 3]) + bytes([120, 120, 122, 123, 122, 120, 122])
                seeds.add("exchange", steps + b"\n" + len(blob).to_bytes(2, "big") + blob +
                          ANSWERS[number % len(ANSWERS)])


# --- scenes: fuzz_scene.c has the form

SCENES = ["everything", "team", "mine", "project", "named", "both", "inside", "restores", "timed", "watched"]
RS, US, GS, FS = b"\x1e", b"\x1f", b"\x1d", b"\x1c"
ID = "a" * 64


def kib(n):
    return US + bytes([n // 4 - 1])


def scene(policy, *parts):
    return bytes([SCENES.index(policy)]) + RS.join(p if isinstance(p, bytes) else p.encode() for p in parts)


def unversioned(path):
    return re.sub(r"^/v1\.\d+/", "/", path)


def keyed(path, text, how="0"):
    return f"k{how}{unversioned(path).partition('?')[0]}\n{text}"


def from_vectors_with_engine(seeds):
    """Each vector that says what the engine would tell; under the policy of its name, or each in turn."""
    number = 0
    for path, tables in vector_files():
        for vector in tables.get("vectors", []):
            engine = vector.get("engine")
            if engine is None:
                continue
            number += 1
            policy = vector["policy"] if vector["policy"] in SCENES else SCENES[number % 7]
            if path.stem == "looks":
                policy = "inside"
            answers = []
            for target, answer in engine.items():
                if not isinstance(answer, str):
                    answer = json.dumps(answer)
                answers.append(keyed(target, answer, "0123"[number % 4]))
            body = "" if vector.get("body") is None else str(vector["body"])
            how = "1" if "attach" in vector["request"] or "/exec/" in vector["request"] else "0"
            seeds.add("scene", scene(policy, *answers, f"r{how}{vector['request']}\n{body}",
                                     "j0" + json.dumps({"Id": ID, "Message": "done"})))


INSPECT = {"Id": ID, "Name": "/web", "Image": "sha256:" + "b" * 64,
           "Config": {"Image": "docker.io/library/app:1", "Env": ["PASSWORD=\x1d", "A=b"], "Cmd": ["sh", "-c", "run"],
                      "Labels": {"team": "ci", "secret.a": "\x1d"}},
           "HostConfig": {"Binds": ["/srv/x:/x"], "Privileged": False, "NetworkMode": "bridge"}, "Mounts": [],
           "State": {"Status": "running"}, "NetworkSettings": {"Networks": {}}}
SERVICE = {"ID": "a" * 25, "Version": {"Index": 3}, "Spec": {"Name": "web", "Labels": {"team": "ci"}, "TaskTemplate": {
    "ContainerSpec": {"Image": "app:1", "Env": ["PASSWORD=\x1d"]}}}}


def dumps(value):
    return json.dumps(value, separators=(",", ":")).replace("\\u001d", "\x1d").replace("\\u001c", "\x1c")


def from_scenes_of_answers(seeds):
    """What is hidden, kept, put back; documents and lines."""
    inspect, made = dumps(INSPECT), {"Image": "docker.io/library/app:1",
                                     "Env": ["PASSWORD=\x1c0", "A=\x1c1"], "Labels": {"team": "ci"}}
    event = dumps({"Type": "container", "Action": "start", "Actor": {"ID": ID, "Attributes": {
        "name": "web", "team": "ci", "secret.a": "x", "image": "app"}}, "time": 1})
    lists = dumps([{"Id": ID, "Names": ["/web"], "Labels": {"team": "ci", "secret.a": "\x1d"}, "Command": "sh"},
                   {"Id": "b" * 64, "Names": ["/other"], "Labels": {"team": "other"}, "Command": "sh"}])
    for policy in SCENES:
        for how in "013":
            look = keyed("/containers/web/json", inspect, how)
            seeds.add("scene", scene(policy, look, "r0GET /v1.41/containers/web/json\n",
                                     "r0POST /v1.41/containers/web/start\n"))
            seeds.add("scene", scene(policy, keyed("/containers/json", lists, how), "r0GET /v1.41/containers/json?all=1\n"))
        seeds.add("scene", scene(policy, look, "r0GET /v1.41/containers/web/json\n", "s0x"))
        seeds.add("scene", scene(policy, keyed("/containers/web/json", inspect), "r0GET /containers/web/json\n",
                                 "r0POST /v1.41/containers/web/stop\n", "r0DELETE /v1.41/containers/web\n",
                                 "r0POST /v1.41/containers/create?name=web\n" + dumps(made)))
        seeds.add("scene", scene(policy, keyed("/services/web", dumps(SERVICE)), "r0GET /v1.41/services/web\n",
                                 "r0POST /v1.41/services/web/update?version=3\n" + dumps(
                                     dict(SERVICE["Spec"], TaskTemplate={"ContainerSpec": {"Image": "app:1", "Env": ["PASSWORD=\x1c0"]}}))))
        seeds.add("scene", scene(policy, "a0HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
                                 "r0GET /v1.41/events\n", f"e0{len(event) + 1:x}\r\n{event}\n\r\n", "s0p", f"e0{len(event) + 1:x}\r\n{event}\n\r\n",
                                 "s0g1", "e00\r\n\r\n"))
        seeds.add("scene", scene(policy, keyed("/images/app/json", dumps({"Id": "sha256:" + "b" * 64, "RepoTags": ["app:1"], "Config": {
            "Env": ["PASSWORD=\x1d"], "Labels": {"team": "ci", "secret.a": "\x1d"}}})), "r0GET /v1.41/images/app/json\n",
            "r0DELETE /v1.41/images/app\n"))
        for status in (404, 409, 500):
            seeds.add("scene", scene(policy, f"k0/containers/web/json {status}\n" + '{"message":"no: /srv/x PASSWORD=x"}',
                                     "r0GET /v1.41/containers/web/json\n", "r0POST /v1.41/containers/create?name=web\n{\"Image\":\"x\"}"))
    seeds.add("scene", scene("restores", keyed("/containers/web/json", inspect), "r0GET /v1.41/containers/web/json\n",
                             "r0POST /v1.41/containers/create?name=web\n" + dumps(dict(made, HostConfig={"Binds": ["\x1c2"]}))))
    seeds.add("scene", scene("restores", keyed("/containers/web/json", inspect), "r0GET /v1.41/containers/web/json\n",
                             "r0POST /v1.41/containers/create?name=web\n" + dumps(dict(made, Cmd=["env"]))))
    for n in range(8):
        hidden = dumps(dict(INSPECT, HostConfig={"Binds": ["/etc/\x1d:/x", "/srv/\x1d:/y"], "Privileged": False}))
        seeds.add("scene", scene("restores", keyed("/containers/web/json", hidden), "r0GET /v1.41/containers/web/json\n",
                                 "r0POST /v1.41/containers/create?name=web\n" + dumps({"Image": made["Image"], "HostConfig": {"Binds": [f"\x1c{n}"]}})))


def from_scenes_of_lists(seeds):
    """What a list, a prune's or an event's sentence tells of what isn't in the scope."""
    mine, other = {"team": "ci", "tier": "db", "com.docker.compose.project": "shop"}, {"team": "other", "x": "\x1d"}
    networks = [{"Id": ID, "Name": "ci-net", "Labels": mine, "Containers": {ID: {"Name": "web"}, "b" * 64: {"Name": "other"}}},
                {"Id": "b" * 64, "Name": "n\x1d", "Labels": other, "Containers": {}}, {"Id": "c" * 64, "Name": "bridge", "Labels": {}}]
    volumes = {"Volumes": [{"Name": "ci-data", "Labels": mine, "Driver": "local"}, {"Name": "v\x1d", "Labels": None}], "Warnings": None}
    containers = [{"Id": ID, "Names": ["/web"], "Labels": mine, "NetworkSettings": {"Networks": {"n": {"NetworkID": "b" * 64}}}, "Mounts": [
        {"Type": "volume", "Name": "ci-data"}]}, {"Id": "b" * 64, "Names": ["/o\x1d"], "Labels": other, "HostConfig": {"NetworkMode": "container:" + ID}}]
    images = [{"Id": "sha256:" + "b" * 64, "RepoTags": ["app:1", "ci-x:1"], "Labels": mine}, {"Id": "sha256:" + "c" * 64, "RepoTags": ["o:1"], "Labels": other}]
    services = [dict(SERVICE, Spec={"Name": "ci-web", "Labels": mine}), dict(SERVICE, ID="b" * 25, Spec={"Name": "o", "Labels": {"team": "other"}})]
    tasks = [{"ID": "c" * 25, "ServiceID": "a" * 25, "Labels": {}}, {"ID": "d" * 25, "ServiceID": "b" * 25}]
    files = [{"ID": "e" * 25, "Spec": {"Name": "ci-s", "Labels": mine}}, {"ID": "f" * 25, "Spec": {"Name": "s", "Labels": other}}]
    usage = {"LayersSize": 1, "Images": images, "Containers": containers, "Volumes": volumes["Volumes"], "BuildCache": [{"ID": "x"}]}
    told = {"/containers/json": containers, "/networks": networks, "/volumes": volumes, "/images/json": images, "/services": services,
            "/tasks": tasks, "/secrets": files, "/configs": files, "/system/df": usage, "/networks/ci-net": networks[0],
            "/volumes/ci-data": volumes["Volumes"][0], "/services/ci-web": services[0], "/tasks/t": tasks[0], "/secrets/ci-s": files[0],
            "/info": {"ID": "x", "Name": "host", "Containers": 3, "Swarm": {"NodeID": "n"}}, "/containers/web/json": dict(INSPECT, Config=dict(
                INSPECT["Config"], Labels=mine, Env=[]), HostConfig={"NetworkMode": "container:" + "b" * 64, "Privileged": False})}
    answers = [keyed(path, dumps(value), "013"[number % 3]) for number, (path, value) in enumerate(told.items())]
    events = [{"Type": kind, "Action": "start", "Actor": {"ID": who, "Attributes": dict(labels, name=name)}, "id": who, "from": "app", "time": 1}
              for kind in ("container", "network", "volume", "image", "service", "daemon")
              for who, name, labels in ((ID, "ci-x", mine), ("b" * 64, "other", other))]
    for policy in SCENES:
        for path in told:
            needed = [a for a in answers if a[2:].startswith((path + "\n", "/containers/json\n", "/services\n", "/containers/web/json\n"))]
            seeds.add("scene", scene(policy, *needed, f"r0GET /v1.41{path}\n", f"r0GET /v1.41{path}?filters=%7B%22label%22%3A%5B%22team%3Dci%22%5D%7D\n"))
        for path in ("/containers/prune", "/images/prune", "/networks/prune", "/volumes/prune", "/build/prune"):
            seeds.add("scene", scene(policy, "j0" + dumps({"ContainersDeleted": [ID], "SpaceReclaimed": 1}), f"r0POST /v1.41{path}\n"))
        for how in "13":
            seeds.add("scene", scene(policy, f"j{how}" + "\n".join(map(dumps, events)) + "\n", "r0GET /v1.41/events\n"))
        for text in ("the container " + "b" * 64 + " uses it", "network ci-net not found", "conflict: " + ID + " is in use by b" + "c" * 63):
            for status in (404, 409, 500):
                seeds.add("scene", scene(policy, *answers[-1:], f"a0HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: "
                                         f"{len(text) + 14}\r\n\r\n" + dumps({"message": text}), "r0POST /v1.41/containers/web/start\n"))
                seeds.add("scene", scene(policy, *answers[:4], answers[9], f"a0HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: "
                                         f"{len(text) + 14}\r\n\r\n" + dumps({"message": text}), "r0DELETE /v1.41/networks/ci-net\n"))
        for body in ({"Container": "web"}, {"Container": "web", "EndpointConfig": {}, "Force": True}):
            seeds.add("scene", scene(policy, *answers[-1:], answers[9], "r0POST /v1.41/networks/ci-net/connect\n" + dumps(body),
                                     "r0POST /v1.41/networks/ci-net/disconnect\n" + dumps(body)))
        for query in ("stdin=1", "stdin=0&stream=1", "STDIN=true", "stdin=%20no%20", ""):
            seeds.add("scene", scene(policy, *answers[-1:], SWITCH, f"r1POST /v1.41/containers/web/attach?{query}\n", "c0typed", "e0said", "s0w.W"))
        seeds.add("scene", scene(policy, *answers[-1:], "r1GET /v1.41/containers/web/attach/ws?stdin=1\n", "r0GET /v1.41/images/json\n", "s06",
                                 "r0GET /v1.41/images/json\n", "s077777", "r0GET /v1.41/images/json\n"))


SWITCH = "a0HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
EXEC = dumps({"ID": ID, "ContainerID": ID, "ProcessConfig": {"entrypoint": "id", "arguments": [], "privileged": False, "user": "1000"},
              "Running": False})


def from_scenes_of_streams(seeds):
    """Long bodies and tunnels, slow readers, refusals of splice(2), grants that run out."""
    attach = "r1POST /v1.41/containers/web/attach?stream=1&stdout=1\n"
    looks = [keyed("/containers/web/json", dumps(INSPECT)), keyed(f"/containers/{ID}/json", dumps(INSPECT)), keyed(f"/exec/{ID}/json", EXEC)]
    start = f'r1POST /v1.41/exec/{ID}/start\n{{"Detach":false,"Tty":true}}'
    exec_ = 'r0POST /v1.41/containers/web/exec\n{"Cmd":["id"],"User":"1000"}'
    for policy in ("everything", "inside", "timed", "team", "watched"):
        for refuse in ("s0.", "s0i", "s0o"):
            seeds.add("scene", scene(policy, *looks, refuse, SWITCH, attach, b"e0" + kib(512), b"e0" + kib(512), b"c0" + kib(512), b"s0.w..WX"))
            seeds.add("scene", scene(policy, refuse, b"a0HTTP/1.1 200 OK\r\nContent-Length: 921600\r\n\r\n" + kib(500) + kib(400),
                                     "r0GET /v1.41/containers/web/logs?stdout=1\n"))
            seeds.add("scene", scene(policy, refuse, b"a0HTTP/1.1 200 OK\r\n\r\n" + kib(500), "r0GET /v1.41/containers/web/logs?stdout=1&follow=1\n",
                                     b"e0" + kib(400), "s0.W"))
            seeds.add("scene", scene(policy, *looks, refuse, b"r2PUT /v1.41/containers/web/archive?path=/tmp\n" + kib(500) + kib(400), "s0..."))
            seeds.add("scene", scene(policy, *looks, refuse, b"r6POST /v1.41/build?t=x\n" + kib(500) + kib(200), "s0..."))
        seeds.add("scene", scene(policy, *looks, SWITCH, attach, b"e0" + kib(512), "s0p", b"e0" + kib(512), b"e0" + kib(512), "s0..g...w", "s0X"))
        seeds.add("scene", scene(policy, *looks, SWITCH, attach, b"c0" + kib(512), "s0P", b"c0" + kib(512), "s0..x", "s0g"))
        seeds.add("scene", scene(policy, *looks, SWITCH, attach, b"e0" + kib(512), "s0p", b"e0" + kib(512), b"e0" + kib(512), "s0..x"))
        seeds.add("scene", scene(policy, *looks, SWITCH, attach, b"c0" + kib(512), "s0P", b"c0" + kib(512), b"c0" + kib(512), "s0..X"))
        seeds.add("scene", scene(policy, *looks, SWITCH, start, b"c0" + kib(512), "s0P", b"c0" + kib(512), b"c0" + kib(512), "s066"))
        seeds.add("scene", scene(policy, *looks, SWITCH, start, b"e0" + kib(512), "s0p", b"e0" + kib(512), b"e0" + kib(512), "s066"))
        seeds.add("scene", scene(policy, *looks, exec_, SWITCH, start, "c0ls\n", "e0out", "s0645", "c0more", "e0more", "s0X"))
        seeds.add("scene", scene(policy, *looks, "a0HTTP/1.1 200 OK\r\n\r\n", "r0GET /v1.41/containers/web/logs?follow=1&stdout=1\n", "e0line\n", "s065", "e0line\n", "s0W"))
        seeds.add("scene", scene(policy, *looks, "n0", start, "s0665", "s0w"))
        seeds.add("scene", scene(policy, "n0", 'r0POST /v1.41/containers/create\n{"Image":"x"}', "s066666"))
        seeds.add("scene", scene(policy, *looks, b"r2POST /v1.41/build?t=x\n" + kib(4), "s066", "r0GET /v1.41/_ping\n"))
        seeds.add("scene", scene(policy, "n0", "r0POST /v1.41/containers/web/start\n", "s03333", "s0x"))
        seeds.add("scene", scene(policy, *looks, "r0GET /v1.41/_ping\n", "s0X", "r0POST /v1.41/containers/web/start\n", "s0W", "r0GET /v1.41/containers/web/json\n"))


def from_threats_as_scenes(seeds):
    for path in sorted(TOP.glob("threats/*.txt")):
        for number, case in enumerate(threat_cases.read_file(path)):
            if number % 4 == 0 and len(case.request) < 2048 and not set(case.request) & set(b"\x1c\x1d\x1e\x1f"):
                seeds.add("scene", scene(SCENES[number // 4 % len(SCENES)], keyed("/containers/web/json", dumps(INSPECT)), b"c0" + case.request))


def from_answers(seeds, catalogue):
    for number, answer in enumerate(ANSWERS):
        for seed in (0, 3):
            seeds.add("response", bytes([seed, number % 2]) + answer)
    inspect = json.dumps({"Id": "a", "Config": {"Env": ["PASSWORD=x", "A=b"], "Cmd": ["sh"], "Labels": {"secret.a": "b"}},
                          "HostConfig": {"Binds": ["/srv:/x"]}, "Mounts": [{"Source": "/srv"}],
                          "State": {"Health": {"Log": [{"Output": "o"}]}}})
    for index, operation in enumerate(catalogue):
        if operation["method"] != "GET":
            continue
        for policy in (0, 1):
            for text in (inspect, f"[{inspect},{inspect}]", inspect + "\n" + inspect + "\n", '{"message":"no such"}'):
                seeds.add("answer", bytes([index, policy]) + text.encode())


def from_configs(seeds):
    for path in sorted([*TOP.glob("vectors/*.yaml"), *TOP.parent.glob("policy/presets/*.yaml"),
                        *TOP.glob("engine/*.yaml"), *TOP.parent.glob("packaging/*.yaml")]):
        try:
            with open(path, encoding="utf-8") as file:
                tables = yaml.load(file, Loader=yaml.CSafeLoader)
        except yaml.YAMLError:  # a template, which is a seed too
            tables = None
        if isinstance(tables, dict) and "policies" in tables and "listeners" not in tables:
            seeds.add("config", yaml.safe_dump({"version": 1, "policies": tables["policies"]}).encode())
        else:
            seeds.add("config", path.read_bytes())
    for path in sorted(TOP.glob("scenarios/*.scn")):
        for part in path.read_text(encoding="utf-8").split("\nconfig\n")[1:]:
            lines = []
            for line in part.split("\n"):
                if line and not line.startswith("  "):
                    break
                lines.append(line[2:])
            seeds.add("config", "\n".join(lines).encode())


def from_words(seeds):
    words = ["/srv/**", "/srv/*/x", "docker.io/library/*:*", "ci-*", "?", "**", "/srv/data/x", "a/b", "", "/", "/.//x/"]
    for a in words:
        for b in words:
            seeds.add("glob", f"{a}\n{b}\n{a.replace('*', 'x')}".encode())
            seeds.add("hostpath", f"{a}\n{b}".encode())
    for number in range(15):
        seeds.add("record", bytes([number]) + "\n".join(
            ["/usr/bin/x", "containers.privileged", "HostConfig", "a\u202eb", "unix:///l", "p", "m", "/a\"b", "x=\x1b[1m"]).encode())
    record = {"seq": 1, "time": "2026-11-24T08:15:30.123456Z", "event": "decision", "id": "01J", "listener": "unix:///l",
              "policy": "p", "client": None, "verdict": "deny", "rule": "r", "field": "f", "reason": "w"}
    for method, target, body in requests():
        path, _, query = target.partition("?")
        record["request"] = {"method": method, "path": path, "query": query, "operation": None, "bytes": len(body or b"")}
        record["facts"] = [{"field": "HostConfig.Privileged", "value": True}, {"field": "Labels[\"a\"]", "withheld": "string"}]
        seeds.add("trail", (json.dumps(record) + "\n").encode())
        if len(body or b"") % 16 == 0:
            seeds.add("audit", b"".join(chained(json.dumps(record, separators=(",", ":")), 3)))


def chained(record, n):
    """n lines of a trail, each with the hash of the one before, as the daemon writes them."""
    prev = "null"
    for seq in range(1, n + 1):
        line = record.replace('"seq":1,', f'"seq":{seq},', 1)[:-1] + f',"prev":{prev}}}'
        prev = '"sha256:' + hashlib.sha256(line.encode()).hexdigest() + '"'
        yield (line[:-1] + f',"hash":{prev}}}\n').encode()


def dictionaries(seeds):
    """Words that a fuzzer would not find by itself: fields of bodies, keys of a config, an HTTP head's."""
    def write(target, words):
        lines = ['"' + re.sub(r'[\\"]', r"\\\g<0>", word).replace("\r\n", "\\x0d\\x0a").replace("\x1e", "\\x1e") + '"' for word in sorted(words)]
        (seeds.folder / f"{target}.dict").write_text("\n".join(lines) + "\n", encoding="ascii")

    fields = (TOP / "api/fields.def").read_text(encoding="utf-8")
    names = set(re.findall(r"[A-Za-z_]{2,}", " ".join(re.findall(r'"([^"]+)"', fields))))
    write("judge", {f'"{name}":' for name in names} | {"null", "true", "{}", "[]", "container:", "\\u0000"})
    write("scene", {f'"{name}":' for name in names} | {"/containers/web/json", "/exec/", "/v1.41/containers/web/", "/images/", "quaygate:redacted:",
                                                        "container:", "team", "ci-", "\x1er0", "\x1ek0", "\x1ee0", "\x1es0"})
    write("answer", {f'"{name}":' for name in names} | {'"Env":["', '"Labels":{', "\\u003d"})
    schema = (TOP.parent / "policy/schema.json").read_text(encoding="utf-8")
    write("config", set(re.findall(r'"([a-z_]{3,})": ', schema)) | {": ", "- ", "{}", "[]", "unix:///", "tcp://"})
    params = (TOP / "api/parameters.def").read_text(encoding="utf-8")
    write("query", {f"{name}=" for name in re.findall(r'"([A-Za-z_.-]+)"', params)} | {"%2f", "&", ";", "/v1.41/"})
    heads = {"Transfer-Encoding: chunked\r\n", "Content-Length: ", "Host: d\r\n", "Expect: 100-continue\r\n", "\r\n\r\n",
             "Connection: Upgrade\r\n", "Upgrade: tcp\r\n", " HTTP/1.1\r\n", "0\r\n\r\n", "HTTP/1.1 101 ", "HTTP/1.1 200 OK\r\n"}
    for target in ("head", "response", "exchange"):
        write(target, heads)


def main(folder):
    seeds = Seeds(folder)
    catalogue = operations()
    from_requests(seeds, catalogue)
    from_threats(seeds)
    from_answers(seeds, catalogue)
    from_vectors_with_engine(seeds)
    from_scenes_of_answers(seeds)
    from_scenes_of_lists(seeds)
    from_scenes_of_streams(seeds)
    from_threats_as_scenes(seeds)
    from_configs(seeds)
    from_words(seeds)
    dictionaries(seeds)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
