# SPDX-License-Identifier: Apache-2.0
"""One connected socket as a script sees it: raw bytes, exact expectations, and HTTP/1 messages read
with no tolerance at all (this side must notice what the gate gets wrong)."""

import asyncio
import re
import socket
import struct

from scn import ScnError

PATTERN = bytes((i * 7 + (i >> 8) * 13) & 0xFF for i in range(1 << 20))
READ_SIZE = 256 << 10
LINE_SIZE = 4 << 10  # while a line is read: what stands behind a head stays where it is, for who looks at what that holds back


class Failure(Exception):
    pass


def pattern(begin, size):
    """`size` bytes of the endless test pattern from offset `begin`."""
    begin %= len(PATTERN)
    if begin + size <= len(PATTERN):
        return PATTERN[begin:begin + size]
    head = PATTERN[begin:]
    rest = size - len(head)
    return head + PATTERN * (rest // len(PATTERN)) + PATTERN[:rest % len(PATTERN)]


def show(data, limit=600):
    text = bytes(data[:limit]).decode("latin-1").encode("unicode_escape").decode()
    return text.replace("\\n", "\\n\n      ") + (f" … ({len(data)} bytes)" if len(data) > limit else "")


def match_text(want, got):
    """`~REGEX` searches, anything else is exact."""
    if want.startswith("~"):
        return re.search(want[1:].strip(), got) is not None
    return want == got


class Message:
    """How far the message that is being read has come."""

    def __init__(self, first, headers):
        self.first = first
        self.headers = headers  # (name, value), in order
        self.kind = "none"  # none, length, chunked, close
        self.left = 0  # bytes of the body, or of the chunk
        self.ended = False

    def values(self, name):
        return [v for n, v in self.headers if n.lower() == name.lower()]


class Wire:
    def __init__(self, sock, name, patience):
        self.sock = sock
        self.sock.setblocking(False)
        self.name = name
        self.patience = patience
        self.buffer = bytearray()
        self.eof = False
        self.reset = False
        self.sent = 0
        self.got = 0
        self.split = 0
        self.may_fail = False
        self.transcript = []
        self.message = None
        self.ids = []  # of X-Quaygate-Request, with the status

    # --- bytes ---------------------------------------------------------------------------------

    def _note(self, direction, data):
        last = self.transcript[-1] if self.transcript else None
        if last and last[0] == direction and len(last[1]) < 4096:
            last[1].extend(data[:4096])
        elif len(self.transcript) < 60:
            self.transcript.append((direction, bytearray(data[:4096])))

    async def send(self, data, timeout=None):
        loop = asyncio.get_running_loop()
        size = self.split or (64 << 10)
        try:
            for i in range(0, len(data), size):
                piece = data[i:i + size]
                await asyncio.wait_for(loop.sock_sendall(self.sock, piece), timeout or self.patience)
                self.sent += len(piece)
                self._note(">", piece)
                if self.split:
                    await asyncio.sleep(0.0003)
        except asyncio.TimeoutError:
            raise Failure(f"{self.name}: the other side doesn't take the bytes") from None
        except OSError as error:
            if not self.may_fail:
                raise Failure(f"{self.name}: sending failed: {error}") from None

    async def send_pattern(self, size, by, chunked, timeout):
        """Big sends report how far they came in .sent even while they hang."""
        loop = asyncio.get_running_loop()
        done = 0
        try:
            while done < size:
                piece = pattern(done, min(by, size - done))
                done += len(piece)
                if chunked:
                    piece = b"%x\r\n%s\r\n" % (len(piece), piece)
                for i in range(0, len(piece), 65536):
                    part = piece[i:i + 65536]
                    await asyncio.wait_for(loop.sock_sendall(self.sock, part), timeout)
                    self.sent += len(part)
                self._note(">", piece[:32])
            if chunked:
                await loop.sock_sendall(self.sock, b"0\r\n\r\n")
        except asyncio.TimeoutError:
            raise Failure(f"{self.name}: stuck after {done} of {size} bytes") from None
        except OSError as error:
            if not self.may_fail:
                raise Failure(f"{self.name}: sending failed after {done} of {size} bytes: {error}") from None

    async def receive(self, timeout, most=READ_SIZE):
        """More bytes into the buffer; False at the end of the other side."""
        if self.eof:
            return False
        loop = asyncio.get_running_loop()
        try:
            data = await asyncio.wait_for(loop.sock_recv(self.sock, most), timeout)
        except ConnectionError:
            self.eof = self.reset = True
            return False
        if not data:
            self.eof = True
            return False
        self.got += len(data)
        self._note("<", data)
        self.buffer += data
        return True

    async def need(self, size, what, most=READ_SIZE):
        while len(self.buffer) < size:
            try:
                if not await self.receive(self.patience, most):
                    raise Failure(f"{self.name}: the connection ended; wanted {what}; "
                                  f"had {show(self.buffer)!r}")
            except asyncio.TimeoutError:
                raise Failure(f"{self.name}: nothing more came; wanted {what}; "
                              f"had {show(self.buffer)!r}") from None

    def take(self, size):
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        return data

    async def expect(self, want):
        while len(self.buffer) < len(want):
            if not want.startswith(bytes(self.buffer)):
                break
            await self.need(len(self.buffer) + 1, f"{show(want)!r}")
        got = self.take(len(want))
        if got != want:
            raise Failure(f"{self.name}: wanted {show(want)!r}\n      got {show(got + self.buffer)!r}")

    async def line(self):
        """A line that ends in CRLF, and nothing else."""
        while b"\n" not in self.buffer:
            if len(self.buffer) > 1 << 20:
                raise Failure(f"{self.name}: a line without an end")
            await self.need(len(self.buffer) + 1, "the end of a line", LINE_SIZE)
        line = self.take(self.buffer.index(b"\n") + 1)
        if not line.endswith(b"\r\n") or b"\r" in line[:-2] or b"\0" in line:
            raise Failure(f"{self.name}: a line doesn't end in CRLF, or holds CR or NUL: {show(line)!r}")
        return line[:-2].decode("latin-1")

    async def expect_end(self, reset_allowed):
        try:
            while await self.receive(self.patience):
                pass
        except asyncio.TimeoutError:
            raise Failure(f"{self.name}: the connection is still open; had {show(self.buffer)!r}") from None
        if self.buffer:
            raise Failure(f"{self.name}: wanted the end, got {show(self.buffer)!r}")
        if self.reset and not reset_allowed:
            raise Failure(f"{self.name}: the connection was reset, not ended")

    async def expect_silence(self, seconds):
        if not self.buffer:
            try:
                if await self.receive(seconds):
                    pass
                else:
                    raise Failure(f"{self.name}: the connection ended, though it should be quiet")
            except asyncio.TimeoutError:
                return
        if self.buffer:
            raise Failure(f"{self.name}: should be quiet, but got {show(self.buffer)!r}")

    def half_close(self):
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            if not self.may_fail:
                raise Failure(f"{self.name}: half-close failed: {error}") from None

    def close(self):
        """On TCP our kernel forgets a half-closed connection after 5 seconds. Its own minute (tcp_fin_timeout) ends
        when the gate's keepalive comes, which would be answered or refused as the timers' rounding has it."""
        if self.sock.fileno() >= 0 and self.sock.family != socket.AF_UNIX:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_LINGER2, 5)
        self.sock.close()

    def close_hard(self):
        """RST on TCP; on unix sockets the kernel resets when unread bytes are lost."""
        if self.sock.fileno() >= 0 and self.sock.family != socket.AF_UNIX:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    # --- messages ------------------------------------------------------------------------------

    async def head(self):
        first = await self.line()
        headers = []
        while True:
            line = await self.line()
            if not line:
                break
            match = re.fullmatch(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*", line)
            if not match:
                raise Failure(f"{self.name}: not a header field: {line!r}")
            headers.append((match[1], match[2]))
        return Message(first, headers)

    def frame(self, message, bodiless, is_request):
        """Decides the framing, and refuses what two readers could read differently."""
        length, coding = message.values("Content-Length"), message.values("Transfer-Encoding")
        if length and coding:
            raise Failure(f"{self.name}: both Content-Length and Transfer-Encoding")
        if len(length) > 1 or len(coding) > 1:
            raise Failure(f"{self.name}: framing fields stand twice: {message.headers}")
        if coding and coding[0] != "chunked":
            raise Failure(f"{self.name}: Transfer-Encoding: {coding[0]}")
        if length and not re.fullmatch(r"\d+", length[0]):
            raise Failure(f"{self.name}: Content-Length: {length[0]}")
        if bodiless:
            message.kind = "none"
        elif coding:
            message.kind = "chunked"
        elif length:
            message.kind, message.left = "length", int(length[0])
        else:
            message.kind = "none" if is_request else "close"
        self.message = message

    async def read_request(self):
        message = await self.head()
        match = re.fullmatch(r"([A-Z]+) (\S+) HTTP/1\.1", message.first)
        if not match:
            raise Failure(f"{self.name}: not a request line: {message.first!r}")
        if len(message.values("Host")) != 1:
            raise Failure(f"{self.name}: wanted one Host: {message.headers}")
        self.frame(message, False, True)
        return match[1], match[2]

    async def read_reply(self, bodiless):
        message = await self.head()
        match = re.fullmatch(r"HTTP/1\.([01]) (\d{3}) ?(.*)", message.first)
        if not match:
            raise Failure(f"{self.name}: not a status line: {message.first!r}")
        status = int(match[2])
        self.frame(message, bodiless or status in (204, 304) or status < 200, False)
        for request_id in message.values("X-Quaygate-Request"):
            self.ids.append((request_id, status))
        return status

    async def _next_chunk(self, message):
        size = await self.line()
        if not re.fullmatch(r"[0-9A-Fa-f]{1,8}", size):
            raise Failure(f"{self.name}: not a chunk size: {size!r}")
        message.left = int(size, 16)
        if message.left == 0:
            trailer = await self.line()
            if trailer:
                raise Failure(f"{self.name}: a trailer got through: {trailer!r}")
            message.ended = True

    async def body_some(self, most):
        """Some decoded bytes, at most `most`; b"" at the end of the message."""
        message = self.message
        if message is None:
            raise ScnError(f"{self.name}: body without a head before it")
        if message.kind == "none" or message.ended:
            return b""
        if message.kind == "chunked" and message.left == 0:
            await self._next_chunk(message)
            if message.ended:
                return b""
        if message.kind == "length" and message.left == 0:
            return b""
        if not self.buffer:
            if message.kind == "close":
                try:
                    if not await self.receive(self.patience):
                        message.ended = True
                        return b""
                except asyncio.TimeoutError:
                    raise Failure(f"{self.name}: the body doesn't go on") from None
            else:
                await self.need(1, f"{message.left} more bytes of the body")
        if message.kind == "close":
            return self.take(min(most, len(self.buffer)))
        data = self.take(min(most, message.left, len(self.buffer)))
        message.left -= len(data)
        if message.kind == "chunked" and message.left == 0:
            end = await self.line()
            if end:
                raise Failure(f"{self.name}: {end!r} behind a chunk")
        return data

    async def body_exactly(self, size):
        parts, have = [], 0
        while have < size:
            data = await self.body_some(size - have)
            if not data:
                break
            parts.append(data)
            have += len(data)
        return b"".join(parts)

    async def body_rest(self):
        return await self.body_exactly(1 << 62)

    async def body_pattern(self, size, rate):
        done = 0
        while done < size:
            data = await self.body_some(min(size - done, rate // 20 if rate else READ_SIZE))
            if not data:
                raise Failure(f"{self.name}: the body ended after {done} of {size} bytes")
            if data != pattern(done, len(data)):
                raise Failure(f"{self.name}: the body differs after byte {done}")
            done += len(data)
            if rate:
                await asyncio.sleep(len(data) / rate)

    async def body_cut(self, at_least):
        """The connection must end before the body does."""
        try:
            data = await self.body_rest()
        except Failure as failure:
            if self.eof:
                return
            raise failure
        if self.message.kind == "close":
            raise Failure(f"{self.name}: a body without a length can't be seen to be cut: {show(data)!r}")
        raise Failure(f"{self.name}: the body should be cut, but it is whole: {show(data)!r}")
