"""A window of Saccade under test: started on an X display, driven by real events through xdotool, read through its state file."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time

PATIENCE = float(os.environ.get("SACCADE_UI_PATIENCE", 90))  # seconds; only a program that hangs or does the wrong thing waits this long


def hear_signals():
    """In the child: a shell that puts things in the background has them ignore some."""
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, signal.SIG_DFL)


def usual_config(**preferences):
    """Preferences of somebody who has started the program before: without any it opens on its first scene."""
    folder = tempfile.mkdtemp()
    os.makedirs(os.path.join(folder, "saccade"))
    with open(os.path.join(folder, "saccade", "preferences.json"), "w", encoding="utf-8") as file:
        json.dump(preferences, file)
    return folder


class Window:
    def __init__(self, program, artifacts, *arguments, size=(1600, 1000), config=None, kept=None, folder=None, environment=None,
                 tells_texts=False):
        self.program, self.artifacts = os.path.abspath(program), os.path.abspath(artifacts)
        program, artifacts = self.program, self.artifacts
        self.state_file = os.path.join(artifacts, f"state-{os.getpid()}-{id(self)}.json")
        # Preferences of its own: tests start from the usual ones, and leave a person's alone.
        self.config = config or usual_config()
        self.kept = kept or tempfile.mkdtemp()  # what a window that was killed leaves for the next
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "", "SACCADE_LANGUAGE": os.environ.get("SACCADE_LANGUAGE", "en"),
                       "SACCADE_UI_STATE": self.state_file, "XDG_CONFIG_HOME": self.config, "XDG_STATE_HOME": self.kept,
                       **(environment or {}), **({"SACCADE_UI_TEXTS": "1"} if tells_texts else {})}
        self.log = open(os.path.join(artifacts, "stderr.txt"), "ab")
        self.process = subprocess.Popen([program, *arguments], env=environment, stderr=self.log, cwd=folder,
                                        preexec_fn=hear_signals)
        self.wait("the first picture", lambda s: s["texts"])
        self.id = self._find()
        self.xdotool("windowmove", self.id, "0", "0")
        self.resize(*size)
        self.xdotool("windowfocus", "--sync", self.id)

    def _find(self):
        ids = []
        deadline = time.monotonic() + PATIENCE
        while not ids and time.monotonic() < deadline:
            found = subprocess.run(["xdotool", "search", "--onlyvisible", "--pid", str(self.process.pid)],
                                   capture_output=True, text=True)
            ids = found.stdout.split()
        assert ids, "the window does not appear on the display"
        return ids[-1]

    def xdotool(self, *arguments):
        subprocess.run(["xdotool", *map(str, arguments)], check=True, stderr=subprocess.DEVNULL)

    # What it shows.

    def state(self):
        with open(self.state_file, encoding="utf-8") as file:
            return json.load(file)

    def wait(self, what, holds):
        """Waits until `holds(state)` is true of an answer that is not stale, or of a problem; returns the state."""
        deadline = time.monotonic() + PATIENCE
        state = None
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the program ended with status {self.process.returncode} while waiting for {what}")
            try:
                state = self.state()
                if holds(state):
                    return state
            except (FileNotFoundError, json.JSONDecodeError, KeyError, TypeError, IndexError):
                pass
            time.sleep(0.02)
        raise AssertionError(f"waited for {what}; the window shows {json.dumps(state, ensure_ascii=False)}")

    def picture(self, name, always=False):
        if not always and os.environ.get("SACCADE_UI_PICTURES") == "failures":
            return
        path = os.path.join(self.artifacts, name + ".png")
        time.sleep(0.3)  # the state is written before the frame that follows it is on screen; nothing is asserted on a picture
        subprocess.run(["import", "-window", "root", path], check=False, stderr=subprocess.DEVNULL)

    # What a person does.

    def resize(self, width, height):
        self.xdotool("windowsize", self.id, width, height)
        self.wait(f"a window of {width} x {height}", lambda s: s["places"]["(window)"][2:] == [width, height])

    def key(self, *keys):
        self.xdotool("key", "--clearmodifiers", *keys)

    def type(self, text):
        self.xdotool("type", "--clearmodifiers", "--delay", "30" if text.isascii() else "150", "--", text)

    def move(self, x, y):
        self.xdotool("mousemove", round(x), round(y))

    def click(self, x, y):
        self.move(x, y)
        self.xdotool("click", 1)

    def drag(self, x, y, dx, dy, steps=12):
        self.move(x, y)
        self.xdotool("mousedown", 1)
        time.sleep(0.4)  # a hand rests before it moves: press and first motion must not meet in one frame
        for i in range(1, steps + 1):
            self.move(x + dx * i / steps, y + dy * i / steps)
            time.sleep(0.02)
        self.xdotool("mouseup", 1)

    def place(self, name):
        """Middle of something that the window says it has drawn: a field, a card's grid cell."""
        x, y, w, h = self.resting(f"{name} on screen", lambda s: name in s["places"])["places"][name]
        return x + w / 2, y + h / 2

    def resting(self, what, holds):
        """As wait(), but of a window in which nothing moves any more: a menu finds its place a frame after it was opened. One that
        is never at rest, as it plays or computes, is taken as it is after a second."""
        self.wait(what, holds)
        deadline = time.monotonic() + 1
        return self.wait(what, lambda s: holds(s) and (s["settled"] or time.monotonic() > deadline))

    def cell(self, row, column):
        """Middle of a cell of the first heatmap."""
        state = self.resting("the heatmap on screen", lambda s: "heatmap" in s["places"])
        x, y, w, h = state["places"]["heatmap"]
        rows, columns = state["grid"]
        return x + w * (column + 0.5) / columns, y + h * (row + 0.5) / rows

    def type_whole(self, text, arrived, field):
        """Types it in place of what the field that has the keyboard holds, until `arrived(state)`. On a loaded machine X may give
        the keyboard to another window meanwhile, or lose a character that is on no key: what did not arrive is typed once more, and
        said. `field()` brings the keyboard back."""
        for again in (False, True, True):
            if again:
                print(f"typed once more: {text!r}", file=sys.stderr)
                self.xdotool("windowfocus", "--sync", self.id)
                field()
            self.key("ctrl+a")
            if text:
                self.type(text)
            else:
                self.key("BackSpace")
            if self._holds(arrived, 8):
                return
        self.wait(f"all of {text!r}", arrived)

    def replace_source(self, text):
        def field():
            self.click(*self.place("source"))
            self.wait("the field to have the keyboard", lambda s: s["typing"])

        field()
        self.type_whole(text, lambda s: s["params"].get("source", text) == text, field)

    def _holds(self, condition, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if condition(self.state()):
                    return True
            except (FileNotFoundError, json.JSONDecodeError, KeyError):
                pass
            time.sleep(0.02)
        return False

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise
        self.log.close()
        if os.path.exists(self.state_file):
            os.remove(self.state_file)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None:
            self.picture("failed", always=True)
        self.close()
