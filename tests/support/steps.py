# SPDX-License-Identifier: Apache-2.0
"""What the words of a scenario do. One table: word, function; tests/README.md lists them all."""

import asyncio
import json
import os
import re
import resource
import signal
import socket
import subprocess

from gate import connect, matches
from scn import ScnError, parse_size, parse_time, unescape
from wire import Failure, match_text, pattern, show


class Actor:
    """Who plays a section: a client, the engine's side of a connection, or nobody (`daemon`)."""

    def __init__(self, world, section, wire):
        self.world = world
        self.section = section
        self.wire = wire

    async def play(self):
        steps = self.section.steps
        i = 0
        while i < len(steps):
            step = steps[i]
            try:
                if step.text.startswith(">"):
                    i += await self._send_lines(steps[i:])
                    continue
                word, _, rest = step.text.partition(" ")
                if word not in WORDS:
                    raise ScnError(f"unknown step {step.text!r}")
                await WORDS[word](self, rest.strip(), step)
            except Failure as failure:
                if not getattr(failure, "placed", False):
                    failure.placed = True
                    failure.args = (f"line {step.line}: `{step.text.strip()}`: {failure}",)
                raise
            except (ScnError, ValueError, IndexError) as error:
                raise ScnError(f"{self.section.kind}, {step}: {error}") from error
            i += 1

    async def _send_lines(self, steps):
        """Lines that follow each other go out in one write."""
        data, n = b"", 0
        for step in steps:
            if step.text.startswith(">."):
                data += unescape(self.world.fill(step.text[2:].removeprefix(" ")))
            elif step.text.startswith(">"):
                data += unescape(self.world.fill(step.text[1:].removeprefix(" "))) + b"\r\n"
            else:
                break
            n += 1
        await self.wire.send(data)
        return n


def quoted(text):
    match = re.fullmatch(r'"(.*)"', text)
    if not match:
        raise ScnError(f'wanted "…", have {text}')
    return unescape(match[1])


def check_headers(wire, lines):
    message = wire.message
    for line in lines:
        if line.startswith("only:"):
            allowed = {name.strip().lower() for name in line[5:].split(",")}
            extra = [name for name, _ in message.headers if name.lower() not in allowed]
            if extra:
                raise Failure(f"{wire.name}: header fields that must not be there: {extra}")
        elif line.startswith("!"):
            if message.values(line[1:].strip()):
                raise Failure(f"{wire.name}: {line[1:]} must not be there: {message.headers}")
        else:
            name, _, want = line.partition(":")
            values = message.values(name.strip())
            if len(values) != 1 or not match_text(want.strip(), values[0]):
                raise Failure(f"{wire.name}: wanted {line!r}, have {message.headers}")


async def step_expect_line(actor, rest, step):
    if rest.startswith("~"):
        got = await actor.wire.line()
        if not re.fullmatch(rest[1:].strip(), got):
            raise Failure(f"{actor.wire.name}: the line {got!r} doesn't match")
    else:
        await actor.wire.expect(unescape(actor.world.fill(rest)) + b"\r\n")


async def step_expect_bytes(actor, rest, step):
    await actor.wire.expect(unescape(actor.world.fill(rest)))


async def step_get(actor, rest, step):
    await actor.wire.send(f"GET {rest} HTTP/1.1\r\nHost: docker\r\n\r\n".encode())


async def step_chunk(actor, rest, step):
    data = unescape(actor.world.fill(rest))
    await actor.wire.send(b"%x\r\n%s\r\n" % (len(data), data))


async def step_clock(actor, rest, step):
    actor.world.gate.set_clock(rest)


async def step_ok(actor, rest, step):
    await actor.wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")


def look_answer(words):
    """The answer to a look: KIND NAME [JSON to put into it]. The ID is the name's first letter, in 64 hex digits."""
    kind, name, more = (words.split(" ", 2) + [""])[:3]
    more = json.loads(more) if more else {}
    full = "%064x" % ord(name[0])
    host = {"Privileged": False, "CapAdd": None, "NetworkMode": "default", "PidMode": "", "IpcMode": "private"}
    if kind == "container":
        host.update(more.pop("HostConfig", {}))
        answer = {"Id": full, "Name": "/" + name, "HostConfig": host, "Mounts": [], "Config": {"Labels": {}}}
    elif kind == "exec":
        answer = {"ID": full, "ContainerID": "%064x" % ord("c"), "ProcessConfig": {"entrypoint": "id"}}
    elif kind == "volume":
        answer = {"Name": name, "Driver": "local", "Options": None, "Labels": None}
    else:
        answer = {"Id": full, "ID": full, "Name": name, "Labels": {}}
    return json.dumps({**answer, **more}).encode()


async def step_tell(actor, rest, step):
    body = look_answer(rest)
    await actor.wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


async def step_says(actor, rest, step):
    """STATUS JSON: an answer of exactly this text."""
    status, text = rest.split(" ", 1)
    body = unescape(actor.world.fill(text))
    await actor.wire.send(b"HTTP/1.1 %s X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body))


async def step_at_once(actor, rest, step):
    """Marks a section that begins with the connection, not with a request."""


async def step_request(actor, rest, step):
    method, target = await actor.wire.read_request()
    if rest and rest != f"{method} {target}":
        raise Failure(f"{actor.wire.name}: wanted {rest}, got {method} {target}")
    check_headers(actor.wire, [actor.world.fill(line) for line in step.sub])


async def step_reply(actor, rest, step):
    words = rest.split()
    status = await actor.wire.read_reply("bodiless" in words[1:])
    wanted = [int(word) for word in words[0].split("|")]
    if status not in wanted:
        rest_of_it = bytes(actor.wire.buffer[:800]).decode("utf-8", "replace")
        raise Failure(f"{actor.wire.name}: wanted {words[0]}, got {status} {rest_of_it}")
    check_headers(actor.wire, [actor.world.fill(line) for line in step.sub])


async def step_refused(actor, rest, step):
    """An answer of quaygate's own: id, Docker's JSON error form, `closed` or kept open."""
    words = rest.split()
    wire = actor.wire
    await step_reply(actor, words[0], step)
    ids = wire.message.values("X-Quaygate-Request")
    if len(ids) != 1 or not re.fullmatch(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", ids[0]):
        raise Failure(f"{wire.name}: X-Quaygate-Request is {ids}")
    if not wire.message.values("Content-Type")[0].startswith("application/json"):
        raise Failure(f"{wire.name}: not JSON: {wire.message.headers}")
    closes = [v.lower() for v in wire.message.values("Connection")] == ["close"]
    body = await wire.body_rest()
    try:
        message = json.loads(body)["message"]
    except (ValueError, KeyError, TypeError):
        raise Failure(f"{wire.name}: not Docker's error form: {show(body)!r}") from None
    if not message.startswith("quaygate: "):
        raise Failure(f"{wire.name}: {message!r}")
    if words[0].startswith("403") and f"[request {ids[0]}]" not in message:
        raise Failure(f"{wire.name}: the id is not in {message!r}")
    match = re.search(r'"(.*)"$', rest)
    if match and not re.search(match[1], message):
        raise Failure(f"{wire.name}: {message!r} doesn't match")
    if "closed" in words[1:2]:
        if not closes:
            raise Failure(f"{wire.name}: no Connection: close: {wire.message.headers}")
        await wire.expect_end(False)
    elif "kept" in words[1:2]:
        if closes:
            raise Failure(f"{wire.name}: the connection should be kept: {wire.message.headers}")
    elif "either" not in words[1:2]:
        raise ScnError("refused STATUS closed|kept|either")


async def step_drop(actor, rest, step):
    """What has come and was not looked at is of no interest."""
    actor.wire.buffer.clear()


async def step_forget(actor, rest, step):
    """Ids that can't be in the trail, because it couldn't be written."""
    actor.wire.ids.clear()


async def step_body(actor, rest, step):
    wire = actor.wire
    word, _, tail = rest.partition(" ")
    if word == "none":
        got = await wire.body_rest()
        if got or wire.message.kind == "close":
            raise Failure(f"{wire.name}: wanted no body, got {show(got)!r}")
    elif word == "size":
        words = tail.split()
        rate = parse_size(words[2]) if words[1:2] == ["rate"] else 0
        await wire.body_pattern(parse_size(words[0]), rate)
        got = await wire.body_rest()
        if got:
            raise Failure(f"{wire.name}: more than {words[0]}: {show(got)!r}")
    elif word == "cut":
        await wire.body_cut(0)
    elif word == "json":
        got = json.loads(await wire.body_rest())
        if not matches(json.loads(actor.world.fill(tail)), got):
            raise Failure(f"{wire.name}: the body is {json.dumps(got)}")
    elif word.startswith("~"):
        got = (await wire.body_rest()).decode("utf-8", "replace")
        if not re.search(actor.world.fill(rest[1:].strip()), got):
            raise Failure(f"{wire.name}: the body is {got!r}")
    else:
        want, got = quoted(rest), await wire.body_rest()
        if want != got:
            raise Failure(f"{wire.name}: the body is {show(got)!r}")


async def step_part(actor, rest, step):
    """The next decoded bytes of a body that goes on."""
    if rest.startswith("size "):
        await actor.wire.body_pattern(parse_size(rest[5:]), 0)
        return
    want = quoted(rest)
    got = await actor.wire.body_exactly(len(want))
    if want != got:
        raise Failure(f"{actor.wire.name}: wanted {want!r} next, got {show(got)!r}")


async def step_framing(actor, rest, step):
    if actor.wire.message.kind != rest:
        raise Failure(f"{actor.wire.name}: the body's framing is {actor.wire.message.kind}")


async def step_send_size(actor, rest, step):
    words = rest.split()
    by = parse_size(words[2]) if words[1:2] == ["by"] else 64 << 10
    await actor.wire.send_pattern(parse_size(words[0]), by, step.text.startswith("send-chunks"),
                                  actor.world.patience * 4)


async def step_receive_raw(actor, rest, step):
    """Raw bytes of the test pattern, as after a hijack."""
    size, done, wire = parse_size(rest), 0, actor.wire
    while done < size:
        await wire.need(1, f"byte {done} of {size}")
        data = wire.take(min(size - done, len(wire.buffer)))
        if data != pattern(done, len(data)):
            raise Failure(f"{wire.name}: the bytes differ after {done}")
        done += len(data)


async def step_split(actor, rest, step):
    actor.wire.split = int(rest)


async def step_writes_may_fail(actor, rest, step):
    if rest != "may fail":
        raise ScnError("writes may fail")
    actor.wire.may_fail = True


async def step_silent(actor, rest, step):
    await actor.wire.expect_silence(parse_time(rest))


async def step_eof(actor, rest, step):
    await actor.wire.expect_end(False)


async def step_gone(actor, rest, step):
    await actor.wire.expect_end(True)


async def step_half_close(actor, rest, step):
    actor.wire.half_close()


async def step_close(actor, rest, step):
    actor.wire.close()


async def step_reset(actor, rest, step):
    actor.wire.close_hard()


async def step_stop_reading(actor, rest, step):
    """What comes from here on is refused, and the connection stays."""
    actor.wire.sock.shutdown(socket.SHUT_RD)


async def step_sleep(actor, rest, step):
    await asyncio.sleep(parse_time(rest))


async def step_signal(actor, rest, step):
    actor.world.event(rest).set()


async def step_wait(actor, rest, step):
    try:
        await asyncio.wait_for(actor.world.event(rest).wait(), actor.world.patience * 4)
    except asyncio.TimeoutError:
        raise Failure(f"nobody signalled {rest}") from None


async def step_wait_audit(actor, rest, step):
    await actor.world.gate.wait_record(json.loads(actor.world.fill(rest)), 5)


async def step_log(actor, rest, step):
    await actor.world.gate.wait_text("stderr", rest.removeprefix("~").strip(), 5)


async def step_manager(actor, rest, step):
    await actor.world.gate.wait_text("manager", rest.removeprefix("~").strip(), 10)


async def step_stdout(actor, rest, step):
    """`stdout ~ REGEX`; `stdout stalls`, `stdout flows`: nobody reads it, or somebody does again."""
    if rest in ("stalls", "flows"):
        actor.world.gate.let_stdout_flow(rest == "flows")
        return
    await actor.world.gate.wait_text("stdout", rest.removeprefix("~").strip(), 5)


async def step_sent(actor, rest, step):
    """`sent NAME below SIZE`: back-pressure: how much of a big send got rid of its bytes."""
    name, below, size = rest.split()
    wire = next((w for w in actor.world.all_wires() if w.name.split(" ")[-1] == name), None)
    if wire is None or below not in ("below", "from"):
        raise ScnError(f"no such section, or not `sent NAME below SIZE`: {rest}")
    if (wire.sent < parse_size(size)) != (below == "below"):
        raise Failure(f"{name} has sent {wire.sent} bytes")


async def step_rss(actor, rest, step):
    """`rss grew|stays below SIZE`, from start to peak, or to now. Sanitizers hold freed memory back: four times that."""
    what, below, size = rest.split()
    if what not in ("grew", "stays") or below != "below":
        raise ScnError("rss grew|stays below SIZE")
    gate = actor.world.gate
    growth = gate.memory("VmHWM" if what == "grew" else "VmRSS") - gate.rss_start
    if growth >= parse_size(size) * (4 if gate.slow > 1 else 1):
        raise Failure(f"resident memory grew by {growth >> 10} KiB")


async def step_descriptors(actor, rest, step):
    """`descriptors note` remembers how many are open; `descriptors same` waits until it's that again."""
    gate = actor.world.gate
    if rest == "note":
        actor.world.n_descriptors = gate.descriptors()
        return
    for _ in range(200):
        if gate.descriptors() == actor.world.n_descriptors:
            return
        await asyncio.sleep(0.02)
    raise Failure(f"{gate.descriptors()} descriptors are open, there were {actor.world.n_descriptors}")


async def step_kill(actor, rest, step):
    actor.world.gate.signal({"hup": signal.SIGHUP, "term": signal.SIGTERM, "int": signal.SIGINT,
                             "usr1": signal.SIGUSR1, "stop": signal.SIGSTOP, "cont": signal.SIGCONT}[rest])
    actor.world.terminated |= rest in ("term", "int")


async def step_exit(actor, rest, step):
    words = rest.split()
    await actor.world.gate.wait_exit(int(words[0]), parse_time(words[2]) if words[1:2] == ["within"] else 10)


async def step_alive(actor, rest, step):
    if actor.world.gate.process.returncode is not None:
        raise Failure("quaygated has ended")


async def step_engine(actor, rest, step):
    if rest == "down":
        await actor.world.engine.down()
    elif rest == "up":
        actor.world.engine.up()
    else:
        raise ScnError("engine up|down")


async def step_disk(actor, rest, step):
    """`disk full [+BYTES]`, `disk read-only`, `disk free`: for the daemon's files alone, by RLIMIT_FSIZE or as chattr."""
    gate = actor.world.gate
    if rest == "read-only":
        gate.set_read_only(True)
    elif rest == "free":
        gate.limit_file_size(resource.RLIM_INFINITY)
        if gate.is_read_only:
            gate.set_read_only(False)
    else:
        more = int(rest.removeprefix("full").strip().removeprefix("+") or 0)
        gate.limit_file_size(os.path.getsize(gate.audit_path) + more)


async def step_config(actor, rest, step):
    actor.world.write_config(rest)


async def step_sh(actor, rest, step):
    result = subprocess.run(["/bin/sh", "-ec", actor.world.fill(rest)], cwd=actor.world.directory, timeout=20,
                            capture_output=True, text=True, check=False)
    if result.returncode:
        raise Failure(f"exit {result.returncode}: {result.stdout}{result.stderr}")


async def step_limit_descriptors(actor, rest, step):
    """`limit-descriptors +N`: N more than are open now; `off` lifts it."""
    gate = actor.world.gate
    hard = resource.prlimit(gate.process.pid, resource.RLIMIT_NOFILE)[1]
    # The limit is on numbers: the highest that is open, and N more.
    limit = hard if rest == "off" else gate.highest_descriptor() + 1 + int(rest)
    resource.prlimit(gate.process.pid, resource.RLIMIT_NOFILE, (limit, hard))


async def step_connect(actor, rest, step):
    """`connect N [TEXT]`: N more connections that send TEXT and stay, until `disconnect`."""
    count, _, text = rest.partition(" ")
    for _ in range(int(count)):
        sock = connect(actor.world.gate.path("gate.sock"), None)
        if text:  # even nothing is a write, and fails where the gate has hung up already
            sock.sendall(unescape(text))
        actor.world.crowd.append(sock)


async def step_disconnect(actor, rest, step):
    for sock in actor.world.crowd:
        sock.close()
    actor.world.crowd.clear()


async def step_live_port(actor, rest, step):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", int(actor.world.fill(rest))))
    sock.listen(8)
    actor.world.kept.append(sock)


async def step_live_socket(actor, rest, step):
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(actor.world.gate.path(rest))
    sock.listen(8)
    actor.world.kept.append(sock)


async def step_stale_socket(actor, rest, step):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(actor.world.gate.path(rest))


WORDS = {
    "<": step_expect_line,
    "<.": step_expect_bytes,
    "alive": step_alive,
    "at-once": step_at_once,
    "body": step_body,
    "chunk": step_chunk,
    "clock": step_clock,
    "close": step_close,
    "config": step_config,
    "connect": step_connect,
    "descriptors": step_descriptors,
    "disconnect": step_disconnect,
    "disk": step_disk,
    "drop": step_drop,
    "engine": step_engine,
    "eof": step_eof,
    "exit": step_exit,
    "forget-ids": step_forget,
    "framing": step_framing,
    "get": step_get,
    "gone": step_gone,
    "half-close": step_half_close,
    "kill": step_kill,
    "limit-descriptors": step_limit_descriptors,
    "live-port": step_live_port,
    "live-socket": step_live_socket,
    "log": step_log,
    "manager": step_manager,
    "ok": step_ok,
    "tell": step_tell,
    "part": step_part,
    "receive-size": step_receive_raw,
    "refused": step_refused,
    "reply": step_reply,
    "request": step_request,
    "reset": step_reset,
    "rss": step_rss,
    "send-chunks": step_send_size,
    "send-size": step_send_size,
    "says": step_says,
    "sent": step_sent,
    "sh": step_sh,
    "signal": step_signal,
    "silent": step_silent,
    "sleep": step_sleep,
    "split": step_split,
    "stale-socket": step_stale_socket,
    "stdout": step_stdout,
    "stop-reading": step_stop_reading,
    "wait": step_wait,
    "wait-audit": step_wait_audit,
    "writes": step_writes_may_fail,
}
