"""Work outlives the window: killed, ended by a signal, without its display, or unable to write."""

import glob
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from driver import PATIENCE, Window
from steps import answered, check, give_path

KILLS = int(os.environ.get("SACCADE_KILLS", 3))  # 100 by hand
MOST_LOST = 1.0  # seconds of work


def kept_files(w):
    return glob.glob(os.path.join(w.kept, "saccade", "work-*.json"))


def kept_source(w):
    files = kept_files(w)
    check(len(files) == 1, f"what is kept: {files}")
    with open(files[0], encoding="utf-8") as file:
        return json.load(file)["request"]["params"]["source"]


def ended(w, status):
    deadline = time.monotonic() + PATIENCE
    while w.process.poll() is None:
        check(time.monotonic() < deadline, "the program does not end")
        time.sleep(0.02)
    check(w.process.returncode == status, f"it ends with status {w.process.returncode}, not {status}")


class Watch(threading.Thread):
    """When each text was first seen in the window."""

    def __init__(self, w):
        super().__init__(daemon=True)
        self.w, self.seen, self.going = w, [], True
        self.start()

    def run(self):
        while self.going:
            try:
                text = self.w.state()["params"]["source"]
                if not self.seen or self.seen[-1][1] != text:
                    self.seen.append((time.monotonic(), text))
            except (OSError, ValueError, KeyError):
                pass
            time.sleep(0.005)

    def end(self):
        self.going = False
        self.join()
        return self.seen


def kill_while_typing(w):
    """Types, kills at a random moment; what was lost, in seconds of work."""
    w.click(*w.place("source"))
    w.wait("the field to have the keyboard", lambda s: s["typing"])
    w.key("ctrl+a")
    text = "".join(random.choice("0123456789 abc") for _ in range(60))
    watch = Watch(w)
    typing = subprocess.Popen(["xdotool", "type", "--delay", "40", "--", text], stderr=subprocess.DEVNULL)
    time.sleep(random.uniform(0.2, 2.8))
    at = time.monotonic()
    w.process.kill()
    w.process.wait()
    typing.kill()
    typing.wait()
    seen = watch.end()
    shown = [(when, said) for when, said in seen if when <= at and text.startswith(said)]
    if not kept_files(w):
        check(not shown or at - shown[0][0] < MOST_LOST, "nothing is kept")
        return at - shown[0][0] if shown else 0.0, None
    kept = kept_source(w)
    newer = [when for when, said in shown if len(said) > len(kept)]
    return (at - min(newer) if newer and text.startswith(kept) else 0.0), kept


def test_kill_9_loses_at_most_the_last_second(w):
    lost = []
    for i in range(KILLS):
        one = w if i == 0 else Window(w.program, w.artifacts)
        try:
            seconds, kept = kill_while_typing(one)
        finally:
            one.close()
        lost.append(seconds)
        check(seconds <= MOST_LOST, f"kill {i + 1}: {seconds:.2f} s of work are lost; kept is {kept!r}")
    print(f"        {len(lost)} kills: at most {max(lost):.2f} s of work lost, {sum(lost) / len(lost):.2f} s on average", flush=True)


def edited(w, text):
    w.replace_source(text)
    w.wait("what was typed", lambda s: s["params"]["source"] == text)


def test_the_next_start_offers_what_was_open(w):
    w.drag(*w.cell(4, 1), 0, -70)
    before = w.wait("an intervention", lambda s: answered(s) and len(s["interventions"]) == 1)
    w.key("ctrl+k")
    w.wait("the palette", lambda s: s["palette"] and s["typing"])
    w.type("go to transformer")
    w.key("Return")
    w.wait("the transformer", lambda s: answered(s) and s["exhibit"] == "transformer" and s["texts"])
    time.sleep(MOST_LOST)
    w.process.kill()
    w.process.wait()
    with Window(w.program, w.artifacts, kept=w.kept) as again:
        check(again.state()["left"], "nothing is offered")
        again.picture("left")
        again.click(*again.place("Restore"))
        again.wait("the exhibit that was open", lambda s: answered(s) and s["exhibit"] == "transformer" and not s["left"])
        again.key("ctrl+k")
        again.wait("the palette", lambda s: s["palette"] and s["typing"])
        again.type("go to alignment")
        again.key("Return")
        s = again.wait("the one beside it", lambda s: answered(s) and s["exhibit"] == "alignment" and s["texts"])
        check(s["interventions"] == before["interventions"] and s["texts"] == before["texts"], "it came back as another")
        time.sleep(MOST_LOST)
        check(len(kept_files(again)) == 1, f"kept are {kept_files(again)}")
        again.key("ctrl+q")
        ended(again, 0)
        check(not os.listdir(os.path.join(again.kept, "saccade")), "quitting leaves something behind")
    with Window(w.program, w.artifacts, kept=w.kept) as third:
        check(not third.state()["left"], "what was quit is offered")


def test_what_was_left_can_be_discarded(w):
    edited(w, "8 August 2018")
    time.sleep(MOST_LOST)
    w.process.kill()
    w.process.wait()
    with Window(w.program, w.artifacts, kept=w.kept) as again:
        with Window(w.program, w.artifacts, kept=w.kept) as beside:
            check(not beside.state()["left"], "two windows offer the same")
        again.click(*again.place("Discard"))
        again.wait("no offer", lambda s: not s["left"])
        check(not kept_files(again), "it is still there")


def test_signals_end_it_and_keep_what_is_open(w):
    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        with Window(w.program, w.artifacts) as ending:
            text = f"{one.value} July 2031"
            edited(ending, text)
            ending.process.send_signal(one)
            ended(ending, 128 + one.value)
            check(kept_source(ending) == text, f"{one.name} leaves {kept_source(ending)!r}")
    w.process.send_signal(signal.SIGTERM)
    ended(w, 128 + signal.SIGTERM)
    check(not kept_files(w), "what nobody has edited is kept")


def test_the_loss_of_the_display_keeps_what_is_open(w):
    server = subprocess.Popen(["Xvfb", "-displayfd", "1", "-screen", "0", "1600x1000x24", "-noreset"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    here = os.environ["DISPLAY"]
    os.environ["DISPLAY"] = ":" + server.stdout.readline().strip()
    try:
        lonely = Window(w.program, w.artifacts)
        edited(lonely, "7 July 2031")
        server.kill()
        server.wait()
        ended(lonely, 1)
        check(kept_source(lonely) == "7 July 2031", f"kept is {kept_source(lonely)!r}")
        lonely.close()
    finally:
        os.environ["DISPLAY"] = here
        server.kill()
        server.wait()


def test_what_cannot_be_kept_is_said_and_kept_later(w):
    edited(w, "1 May 2021")
    w.wait("nothing to complain of", lambda s: s["unkept"] is None)
    time.sleep(MOST_LOST)
    (path,) = kept_files(w)
    os.remove(path)
    os.mkdir(path)
    w.type("0")
    s = w.wait("the problem", lambda s: s["unkept"] is not None)
    check(path in s["unkept"] and answered(s), f"it says {s['unkept']!r}")
    w.picture("unkept")
    shutil.rmtree(path)
    w.wait("no problem", lambda s: s["unkept"] is None)
    check(kept_source(w) == "1 May 20210", f"kept is {kept_source(w)!r}")


def test_a_session_that_another_changed_is_asked_about(w):
    path = os.path.join(tempfile.mkdtemp(), "mine.json")
    w.key("ctrl+s")
    w.wait("the prompt", lambda s: s["prompt"] and s["typing"])
    give_path(w, path)
    w.wait("the file", lambda s: not s["prompt"] and os.path.exists(path))
    with Window(w.program, w.artifacts, path) as other:
        other.wait("its session", lambda s: answered(s))
        edited(other, "1 May 2021")
        other.key("Escape")
        other.key("ctrl+s")
        other.wait("its own name", lambda s: s["prompt"] and s["prompt_path"] == path)
        other.key("Return")
        other.wait("a refusal, as this window has it open", lambda s: "open in another window" in s["prompt_problem"])
    with open(path, encoding="utf-8") as file:
        saved = file.read()
    check("1 May 2021" not in saved, "it was saved over this window's session")
    # A program that knows of no lock.
    saved += "\n"
    with open(path, "w", encoding="utf-8") as file:
        file.write(saved)
    w.xdotool("windowfocus", "--sync", w.id)
    w.key("ctrl+s")
    w.wait("its own name", lambda s: s["prompt"] and s["prompt_path"] == path)
    w.key("Return")
    w.wait("the question", lambda s: "was changed by another" in s["prompt_problem"])
    with open(path, encoding="utf-8") as file:
        check(file.read() == saved, "the other's work is gone")
    w.picture("changed-by-another")
    w.click(*w.place("ok"))
    w.wait("saved when asked twice", lambda s: not s["prompt"])
