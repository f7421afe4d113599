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
        lines = ['"' + re.sub(r'[\\"]', r"\\\g<0>", word).replace("\r\n", "\\x0d\\x0a") + '"' for word in sorted(words)]
        (seeds.folder / f"{target}.dict").write_text("\n".join(lines) + "\n", encoding="ascii")

    fields = (TOP / "api/fields.def").read_text(encoding="utf-8")
    names = set(re.findall(r"[A-Za-z_]{2,}", " ".join(re.findall(r'"([^"]+)"', fields))))
    write("judge", {f'"{name}":' for name in names} | {"null", "true", "{}", "[]", "container:", "\\u0000"})
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
    from_configs(seeds)
    from_words(seeds)
    dictionaries(seeds)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
