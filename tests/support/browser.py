# SPDX-License-Identifier: Apache-2.0
"""Chromium without a screen, driven over a pipe by its own protocol (https://chromedevtools.github.io/devtools-protocol/)."""
import base64
import itertools
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time


def find():
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    """One page. `messages` has what it said on its console, its errors, and what it asked the network for."""

    def __init__(self, width=1280, height=900):
        self.profile = tempfile.TemporaryDirectory(prefix="quaygate-browser.")
        to_read, self.to = os.pipe()
        self.come, from_write = os.pipe()

        def place():  # the browser reads 3 and writes 4
            a, b = os.dup(to_read), os.dup(from_write)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.process = subprocess.Popen(
            [find(), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", f"--user-data-dir={self.profile.name}",
             f"--window-size={width},{height}", "--remote-debugging-pipe", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=place, close_fds=False,
            start_new_session=True)
        os.close(to_read)
        os.close(from_write)
        self.numbers, self.buffer, self.session, self.messages, self.loaded = itertools.count(1), b"", None, [], False
        target = next(t for t in self._targets() if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def _targets(self):
        for _ in range(200):
            found = self.call("Target.getTargets")["targetInfos"]
            if any(t["type"] == "page" for t in found):
                return found
            time.sleep(0.05)
        raise RuntimeError("no page")

    def _receive(self, seconds):
        while b"\0" not in self.buffer:
            if not select.select([self.come], [], [], seconds)[0]:
                raise TimeoutError("the browser doesn't answer")
            data = os.read(self.come, 1 << 16)
            if not data:
                raise RuntimeError("the browser has ended")
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(line)

    def _take_event(self, message):
        method, params = message.get("method"), message.get("params", {})
        if method == "Runtime.consoleAPICalled":
            self.messages.append("console: " + " ".join(str(a.get("value", a.get("description"))) for a in params["args"]))
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.messages.append("exception: " + details.get("exception", {}).get("description", details["text"]))
        elif method == "Log.entryAdded":
            self.messages.append(f"log: {params['entry']['text']}")
        elif method == "Network.requestWillBeSent" and not params["request"]["url"].startswith(("file:", "data:")):
            self.messages.append(f"network: {params['request']['url']}")
        elif method == "Page.javascriptDialogOpening":
            self.messages.append(f"dialog: {params['message']}")
        elif method == "Page.loadEventFired":
            self.loaded = True

    def call(self, method, seconds=60, **params):
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data):]
        while True:
            got = self._receive(seconds)
            if got.get("id") == number:
                if "error" in got:
                    raise RuntimeError(f"{method}: {got['error']}")
                return got["result"]
            self._take_event(got)

    def open(self, path, mark=""):
        for url in ("about:blank", f"file://{os.path.realpath(path)}{mark}"):  # another mark alone loads nothing
            self.loaded = False
            self.call("Page.navigate", url=url)
            while not self.loaded:
                self._take_event(self._receive(60))

    def run(self, script):
        """What the expression is, as JSON; a promise's end."""
        got = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in got:
            raise RuntimeError(got["exceptionDetails"].get("exception", {}).get("description", got["exceptionDetails"]["text"]))
        return got["result"].get("value")

    def key(self, name, code=0):
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def click(self, selector):
        x, y = self.run(f"(() => {{ const n = document.querySelector({json.dumps(selector)}); n.scrollIntoView({{block: 'center'}});"
                        f" const b = n.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; }})()")
        self.drag(x, y, x, y)

    def drag(self, x1, y1, x2, y2):
        def mouse(kind, x, y, buttons):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=buttons, clickCount=1)
        mouse("mouseMoved", x1, y1, 0)
        mouse("mousePressed", x1, y1, 1)
        for i in range(1, 6):
            if (x1, y1) != (x2, y2):
                mouse("mouseMoved", x1 + (x2 - x1) * i / 5, y1 + (y2 - y1) * i / 5, 1)
        mouse("mouseReleased", x2, y2, 0)

    def media(self, **features):
        self.call("Emulation.setEmulatedMedia", features=[{"name": name.replace("_", "-"), "value": value} for name, value in features.items()])

    def screenshot(self, path, whole=True):
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def pdf(self):
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])

    def close(self):
        os.close(self.to)
        os.close(self.come)
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(timeout=20)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        for _ in range(20):
            try:
                self.profile.cleanup()
                break
            except OSError:
                time.sleep(0.2)
