"""Real browsers for the tests of exported pages, driven without their windows: Chromium by the DevTools protocol over a pipe, Firefox by
Marionette. Only the standard library.
"""
import json
import os
import select
import shutil
import socket
import subprocess
import tempfile
import time

TIMEOUT = 60  # s, for one answer


class Chromium:
    NAMES = ("chromium", "chromium-browser", "google-chrome")

    def __init__(self, program, dark=False, size=(1200, 900)):
        self.profile = tempfile.mkdtemp(prefix="saccade_chromium_")
        to_read, self.write = os.pipe()
        self.read, to_write = os.pipe()

        def pipes():  # the protocol's two file descriptors, by number
            os.dup2(to_read, 13), os.dup2(to_write, 14)
            os.dup2(13, 3), os.dup2(14, 4)

        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe", f"--user-data-dir={self.profile}",
             f"--window-size={size[0]},{size[1]}", "about:blank"],
            preexec_fn=pipes, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read), os.close(to_write)
        self.buffer, self.number, self.events = b"", 0, []
        target = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = None
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(domain + ".enable")
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if getattr(self, "session", None):
            message["sessionId"] = self.session
        os.write(self.write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.next_message()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def next_message(self):
        while b"\0" not in self.buffer:
            if not select.select([self.read], [], [], TIMEOUT)[0]:
                raise RuntimeError("Chromium says nothing")
            data = os.read(self.read, 1 << 20)
            if not data:
                raise RuntimeError("Chromium has ended")
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def open(self, path):
        self.events.clear()
        self.call("Page.navigate", url="file://" + path)
        deadline = time.time() + TIMEOUT
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            if time.time() > deadline:
                raise RuntimeError("the page does not load")
            self.call("Runtime.evaluate", expression="0")
            time.sleep(0.02)

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"].get("exception", {}).get("description", "an exception"))
        return result["result"].get("value")

    def point(self, x, y, click=False):
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        if click:
            for kind in ("mousePressed", "mouseReleased"):
                self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def key(self, name):
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name)

    def complaints(self):
        """Exceptions, console errors, what the policy refused, and whatever the page asked any network for."""
        found = []
        for event in self.events:
            method, params = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append(str(params["exceptionDetails"].get("exception", params["exceptionDetails"]).get("description")))
            elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                found.append(params["entry"]["text"])
            elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
                found.append(str(params["args"]))
            elif method == "Network.requestWillBeSent" and params["request"]["url"].split(":")[0] not in ("data", "file"):
                found.append("asked for " + params["request"]["url"])
        files = {e["params"]["request"]["url"] for e in self.events
                 if e.get("method") == "Network.requestWillBeSent" and e["params"]["request"]["url"].startswith("file:")}
        return found + (["asked for " + ", ".join(sorted(files))] if len(files) > 1 else [])

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.read), os.close(self.write)
        shutil.rmtree(self.profile, ignore_errors=True)


class Firefox:
    NAMES = ("firefox-esr", "firefox")
    KEYS = {"Escape": "\ue00c", "ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015", "Enter": "\ue007"}

    def __init__(self, program, dark=False):
        self.profile = tempfile.mkdtemp(prefix="saccade_firefox_")
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        with open(os.path.join(self.profile, "user.js"), "w", encoding="utf-8") as f:
            f.write(f'user_pref("marionette.port", {port});\nuser_pref("ui.systemUsesDarkTheme", {int(dark)});\n'
                    'user_pref("layout.css.prefers-color-scheme.content-override", %d);\n' % (0 if dark else 1))
        self.process = subprocess.Popen([program, "--headless", "--marionette", "--profile", self.profile, "--no-remote", "about:blank"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "HOME": self.profile})
        deadline = time.time() + TIMEOUT
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
                break
            except OSError:
                if time.time() > deadline or self.process.poll() is not None:
                    self.close()
                    raise RuntimeError("Firefox does not start") from None
                time.sleep(0.2)
        self.buffer, self.number = b"", 0
        self.receive()
        self.call("WebDriver:NewSession", {})

    def receive(self):
        while b":" not in self.buffer:
            self.buffer += self.more()
        length, rest = self.buffer.split(b":", 1)
        while len(rest) < int(length):
            rest += self.more()
        self.buffer = rest[int(length):]
        return json.loads(rest[:int(length)])

    def more(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise RuntimeError("Firefox has ended")
        return data

    def call(self, command, params):
        self.number += 1
        message = json.dumps([0, self.number, command, params]).encode()
        self.socket.sendall(str(len(message)).encode() + b":" + message)
        _, _, error, result = self.receive()
        if error:
            raise RuntimeError(f"{command}: {error.get('message')}")
        return result

    def open(self, path):
        """A copy of the page that keeps what goes wrong: Marionette does not say it."""
        with open(path, encoding="utf-8") as f:
            page = f.read()
        with open(path + ".watched.html", "w", encoding="utf-8") as f:
            f.write(page.replace("<head>", "<head><script data-watch>window.wrong = []; addEventListener('error', (e) => wrong.push(e.message ?? 'not loaded'), true);"
                                 "addEventListener('securitypolicyviolation', (e) => wrong.push('asked for ' + e.blockedURI));</script>", 1))
        self.call("WebDriver:Navigate", {"url": "file://" + path + ".watched.html"})

    def evaluate(self, expression):
        return self.call("WebDriver:ExecuteScript", {"script": "return " + expression, "args": []})["value"]

    def act(self, source):
        self.call("WebDriver:PerformActions", {"actions": [source]})

    def point(self, x, y, click=False):
        actions = [{"type": "pointerMove", "duration": 0, "x": round(x), "y": round(y)}]
        if click:
            actions += [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self.act({"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": actions})

    def key(self, name):
        self.act({"type": "key", "id": "keys", "actions": [{"type": kind, "value": self.KEYS[name]} for kind in ("keyDown", "keyUp")]})

    def complaints(self):
        """Exceptions, what the policy refused, and whatever the page loaded beside itself."""
        return self.evaluate("wrong.concat(performance.getEntriesByType('resource').filter((e) => !e.name.startsWith('data:')).map((e) => 'asked for ' + e.name))")

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)


def installed(browser):
    """The program of a browser's class, or None."""
    return next((path for path in map(shutil.which, browser.NAMES) if path), None)
