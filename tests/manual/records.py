# SPDX-License-Identifier: Apache-2.0
"""Records as the daemon writes them, of one request that is denied and one that an engine of ours answers."""

import json
import os
import socket
import subprocess
import threading
import time

CONFIG = """version: 1
upstream: unix://{0}/engine.sock
listeners: [{{address: "unix://{0}/gate.sock", policy: ci}}]
policies:
  ci: {{include: [monitoring], allow: [ContainerCreate]}}
audit: {{sinks: [{{file: {0}/audit.jsonl}}]}}
"""
ANSWER = b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
BODY = b'{"Image": "alpine", "HostConfig": {"Privileged": true}}'
REQUESTS = (
    b"GET /v1.41/info HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n",
    b"POST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\nConnection: close\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY),
)


def answer(listening):
    """Each connection has one request without a body."""
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                part = client.recv(65536)
                if not part:
                    break
                head += part
            client.sendall(ANSWER)


def ask(path, request):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(path)
        client.sendall(request)
        while client.recv(65536):
            pass


def of_a_denial_and_a_pass(daemon, folder):
    with open(f"{folder}/config.yaml", "w", encoding="ascii") as file:
        file.write(CONFIG.format(folder))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{folder}/engine.sock")
        listening.listen(5)
        threading.Thread(target=answer, args=(listening,), daemon=True).start()
        with subprocess.Popen([daemon, "--config", f"{folder}/config.yaml"], stderr=subprocess.DEVNULL) as process:
            try:
                end = time.monotonic() + 20
                while not os.path.exists(f"{folder}/gate.sock") and time.monotonic() < end:
                    time.sleep(0.02)
                for request in REQUESTS:
                    ask(f"{folder}/gate.sock", request)
            finally:
                process.terminate()
        with open(f"{folder}/audit.jsonl", encoding="utf-8") as file:
            return [json.loads(line) for line in file]
