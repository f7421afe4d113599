# SPDX-License-Identifier: Apache-2.0
"""Audit trails to test with: records as quaygated writes them, in a hash chain that is made here and not by its code."""
import hashlib
import json
import time

LISTENER = "unix:///run/quaygate/ci.sock"


def at(seconds, usec=0):
    """The time so many seconds after the beginning of 24 November 2026."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(1795478400 + seconds)) + f".{usec:06d}Z"


def decision(number, verdict="allow", seconds=None, *, policy="ci", uid=998, exe="/usr/bin/docker", container=None, unit=None,
             address=None, method="GET", path="/v1.44/containers/json", query="all=1", operation="ContainerList", rule="allow",
             field=None, reason=None, **more):
    return {"time": at(number if seconds is None else seconds), "event": "decision", "id": f"01JD{number:022d}", "listener": LISTENER,
            "policy": policy,
            "client": {"pid": 4711, "uid": uid, "gid": 998, "exe": exe, "container": container, "address": address, "unit": unit,
                       "login": None},
            "request": {"method": method, "path": path, "query": query, "operation": operation, "bytes": 0},
            "verdict": verdict, "rule": rule, "field": field, "reason": reason, "facts": None,
            "response": {"status": 403 if verdict == "deny" else None, "bytes": None}, "duration_us": 212, **more}


def denial(number, seconds=None, **more):
    return decision(number, "deny", seconds, **{
        "method": "POST", "path": "/v1.44/containers/create", "query": "name=x", "operation": "ContainerCreate",
        "rule": "containers.privileged", "field": "HostConfig.Privileged", "reason": "HostConfig.Privileged=true", **more})


def outcome(number, seconds=None, verdict="allow", end="complete"):
    return {"time": at(number if seconds is None else seconds, 1830), "event": "outcome", "id": f"01JD{number:022d}", "verdict": verdict,
            "end": end, "rule": None, "reason": None, "dropped_bytes": None, "response": {"status": 200, "bytes": 8192},
            "duration_us": 1830}


def lifecycle(action, message="quaygate 0.1.0", seconds=0):
    return {"time": at(seconds), "event": "lifecycle", "action": action, "message": message}


def some(n):
    """A start, and n requests of which each tenth is denied."""
    records = [lifecycle("start")]
    for i in range(n):
        records += [denial(i)] if i % 10 == 3 else [decision(i), outcome(i)]
    return records


def line(record, number, before, chained=True):
    """(the line without its end, its hash)"""
    text = json.dumps({"seq": number, **record, "prev": before}, separators=(",", ":"), ensure_ascii=False).encode()
    if not chained:
        return text[:-1] + b',"hash":null}', None
    digest = "sha256:" + hashlib.sha256(text).hexdigest()
    return text[:-1] + b',"hash":"' + digest.encode() + b'"}', digest


def chain(records, number=1, before=None, sign=None):
    """`sign`: gets a checkpoint's number and the hash before it, gives its members."""
    lines = []
    for record in records:
        if sign and record.get("action") == "checkpoint":
            record = {**record, **sign(number, before)}
        text, before = line(record, number, before)
        lines.append(text)
        number += 1
    return lines


def unchained(records):
    return [line(record, number, None, False)[0] for number, record in enumerate(records, 1)]


def write(path, lines, end=b"\n"):
    with open(path, "wb") as file:
        file.write(b"\n".join(lines) + (end if lines else b""))
    return path
