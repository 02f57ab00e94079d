"""Present: the stage and the lesson for a room, by keys and a clicker, on screens of other sizes."""

import contextlib
import os
import subprocess

from driver import Window, usual_config
from steps import answered, check, choose


def presenting(w):
    w.key("F5")
    return w.wait("Present", lambda s: s["present"]["on"] and "present hints" in s["places"])


def document(s):
    """All that a session would keep of what is shown, but the step and the cell that are looked at."""
    return {key: s[key] for key in ("exhibit", "params", "interventions", "undo", "redo", "options", "ui_scale", "theme", "search",
                                    "matrix", "texts")}


@contextlib.contextmanager
def screen(width, height):
    """A display of its own of this size, on which windows are opened meanwhile."""
    read, write = os.pipe()
    server = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24", "-noreset"],
                              pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    before = os.environ.get("DISPLAY")
    try:
        with os.fdopen(read) as numbers:
            os.environ["DISPLAY"] = ":" + numbers.readline().strip()
        yield
    finally:
        if before is None:
            os.environ.pop("DISPLAY", None)
        else:
            os.environ["DISPLAY"] = before
        server.terminate()
        server.wait()


def test_f5_shows_the_stage_alone_and_the_window_stands_again_where_it_stood(w):
    w.resize(1200, 800)
    before = w.state()
    s = presenting(w)
    s = w.wait("the whole screen", lambda s: s["present"]["full"] and s["places"]["(window)"][2:] == [1600, 1000])
    for gone in ("theme", "compare", "exhibit alignment", "source"):
        check(gone in before["places"] and gone not in s["places"], f"{gone} is there in Present")
    check(s["present"]["note"] == "", s["present"]["note"])
    check("heatmap" in s["places"], "the stage is not there")
    w.picture("present")
    w.key("Escape")
    s = w.wait("the window", lambda s: not s["present"]["on"] and s["places"]["(window)"][2:] == [1200, 800])
    check(document(s) == document(before), "Present has changed the document")
    w.click(*w.place("present"))
    w.wait("Present by its button", lambda s: s["present"]["on"])
    w.key("F5")
    w.wait("its end by F5", lambda s: not s["present"]["on"] and s["places"]["(window)"][2:] == [1200, 800])


def test_a_clicker_walks_the_lesson_and_changes_nothing(w):
    w.drag(*w.cell(4, 1), 0, -70)
    before = w.wait("an intervention", lambda s: answered(s) and s["interventions"])
    presenting(w)
    points = w.state()["present"]["points"]
    check(points > 2, f"the lesson has {points} points")
    at = lambda n: lambda s: s["present"]["point"] == n  # noqa: E731
    for n, key in enumerate(("Next", "space", "Right", "Down")):
        w.key(key)
        w.wait(f"the point after {key}", at(min(n + 1, points - 1)))
    for key in ("Prior", "Left", "Up"):
        now = w.state()["present"]["point"]
        w.key(key)
        w.wait(f"the point before by {key}", at(now - 1))
    now = w.state()["present"]["point"] + 1
    w.click(*w.place("present next"))
    w.wait("the next by the mouse", at(now))
    w.key("ctrl+z", "plus", "minus", "n", "Delete", "ctrl+b", "ctrl+t", "ctrl+k", "ctrl+e", "ctrl+f", "x")
    w.key("Prior")
    s = w.wait("the point before", at(now - 1))
    check(s["present"]["on"] and document(s) == document(before), "keys of Present reach what lies below it")
    for forward, key in ((-1, "bracketleft"), (1, "bracketright")):
        step = w.state()["step"]
        w.key(key)
        w.wait("another step", lambda s: s["step"] == step + forward)
    for key in ("F5", "F5", "Escape", "Escape", "F5"):  # what clickers send to start and to end
        w.key(key)
    s = w.wait("Present, on", lambda s: s["present"]["on"])
    check(s["present"]["point"] == now - 1, f"it goes on at {s['present']['point']}, and stopped at {now - 1}")
    w.key("Escape")
    s = w.wait("the window", lambda s: not s["present"]["on"])
    check(document(s) == document(before), "the clicker has changed the document")
    w.key("ctrl+z")
    w.wait("undo, again", lambda s: answered(s) and not s["interventions"])


def test_black_and_white_screens_end_by_any_key(w):
    point = presenting(w)["present"]["point"]
    for key, blank, back in (("b", "black", "Next"), ("w", "white", "x"), ("b", "black", "Escape"), ("period", "black", "F5")):
        w.key(key)
        w.wait(blank, lambda s: s["present"]["blank"] == blank)
        w.picture(f"present-{blank}")
        w.key(back)
        s = w.wait("the stage", lambda s: s["present"]["blank"] == "none")
        check(s["present"]["on"] and s["present"]["point"] == point, f"{back} did more than to show the stage again")
    for _ in range(20):
        before = w.state()["enlarged"]
        w.key("v")
        w.wait("another view", lambda s: s["enlarged"] != before)
        if not w.state()["enlarged"]:
            break
    check(not w.state()["enlarged"], "V never comes back to all views")
    w.key("s")
    w.move(600, 400)
    w.wait("the spotlight", lambda s: s["present"]["spotlight"])
    w.picture("present-spotlight")
    w.key("s")
    w.wait("no spotlight", lambda s: not s["present"]["spotlight"])
    w.key("F1")
    w.wait("the help", lambda s: s["help"])
    w.picture("present-help")
    w.key("Escape")
    s = w.wait("no help", lambda s: not s["help"])
    check(s["present"]["on"], "one Esc closed the help and Present")


def test_what_is_wrong_with_the_run_is_said_in_present(w):
    w.replace_source("")
    w.wait("the problem", lambda s: s["problem"])
    presenting(w)
    s = w.resting("the whole screen", lambda s: s["present"]["full"] and "present problem" in s["places"])
    check_boxes(s, "with a problem")
    w.picture("present-problem")
    w.key("Escape")
    w.wait("the window", lambda s: not s["present"]["on"])
    w.replace_source("2 June 1999")
    w.wait("an answer", lambda s: answered(s) and s["texts"]["output"] == "1999-06-02")
    s = presenting(w)
    check("present problem" not in s["places"], "the problem is gone, and still said")


def test_the_size_of_present_is_its_own_and_is_kept(w):
    scale = presenting(w)["ui_scale"]
    w.key("ctrl+equal")
    w.wait("larger type", lambda s: abs(s["present"]["size"] - 1.1) < 1e-9)
    w.key("Escape")
    s = w.wait("the window", lambda s: not s["present"]["on"])
    check(s["ui_scale"] == scale, "the window's own size changed")
    w.close()
    with Window(w.program, w.artifacts, config=w.config) as again:
        check(abs(again.state()["present"]["size"] - 1.1) < 1e-9, "the size is forgotten")


def check_boxes(s, where):
    """Nothing cut by the window, nothing over anything else, all of it large enough for the back row."""
    places = s["places"]
    _, _, width, height = places["(window)"]
    texts = {name: box for name, box in places.items()
             if name.startswith("present ") and name not in ("present band", "present stage")}
    for name, (x, y, w, h) in texts.items():
        check(x >= 0 and y >= 0 and x + w <= width + 1 and y + h <= height + 1, f"{where}: {name} is cut: {(x, y, w, h)}")
        check(h >= height / 45, f"{where}: {name} is {h} px high")
        for other, (ox, oy, ow, oh) in texts.items():
            apart = x + w <= ox + 1 or ox + ow <= x + 1 or y + h <= oy + 1 or oy + oh <= y + 1
            check(other == name or apart, f"{where}: {name} lies over {other}")
    stage, band = places["present stage"], places["present band"]
    check(stage[1] + stage[3] <= band[1] + 1, f"{where}: the band covers the stage")
    check(band[1] + band[3] <= height + 1 and band[3] <= height / 3 + 1, f"{where}: the band is {band[3]} px high")
    check(stage[3] >= height / 2 / max(1, s["present"]["size"]), f"{where}: the stage is {stage[3]} px high")
    if "present text" in texts:  # a verdict may stand beside them
        check(texts["present text"][1] + texts["present text"][3] <= texts["present next"][1] + 1,
              f"{where}: the text runs into the buttons")


def position(s):
    return s["present"]["point"], s["present"]["page"]


def walk(w, where):
    """Every page of every point of the lesson, looked at as boxes. How many of them show a verdict, and how many are no point's first."""
    claims = turned = 0
    for _ in range(200):
        s = w.resting("a point at rest", lambda s: s["present"]["on"] and "present hints" in s["places"])
        check_boxes(s, f"{where}, point {s['present']['point'] + 1}")
        claims += "present verdict" in s["places"]
        at = position(s)
        turned += at[1] > 0
        if at == (s["present"]["points"] - 1, s["present"]["pages"] - 1):
            return claims, turned
        w.key("Next")
        w.wait("the next page", lambda s: position(s) != at)
    raise AssertionError(f"{where}: the lesson does not end")


def test_the_lesson_is_whole_on_every_projector_in_both_languages(w):
    # The smallest in both, as there is least room; a large one in the language whose lines are longest.
    for width, height, exhibit, language, theme in ((1024, 768, "alignment", "en", "dark"), (1024, 768, "transformer", "zh", "light"),
                                                    (1920, 1080, "alignment", "en", "light")):
        config = usual_config(language=language, theme=theme)
        with screen(width, height), Window(w.program, w.artifacts, size=(min(width, 1600), 700), config=config) as small:
            choose(small, exhibit)
            small.wait("the exhibit", lambda s: answered(s) and s["exhibit"] == exhibit)
            s = presenting(small)
            check(s["present"]["language"] == language, f"the lesson is in {s['present']['language']}")
            small.wait("the whole screen", lambda s: s["places"]["(window)"][2:] == [width, height])
            small.picture(f"present-{exhibit}-{language}-{width}")
            where = f"{exhibit} in {language} at {width} x {height}"
            claims, _ = walk(small, where)
            check(claims > 0, f"{where}: no point claims anything")
            for _ in range(6):
                small.key("ctrl+equal")
            small.wait("the largest type", lambda s: s["present"]["size"] > 1.55)
            for left in reversed(range(s["present"]["points"] - 1)):
                while small.state()["present"]["point"] > left:
                    at = position(small.state())
                    small.key("Prior")
                    small.wait("the page before", lambda s: position(s) != at)
            _, turned = walk(small, where + ", in the largest type")
            check(turned > 0, f"{where}: no point is turned over, though its text is higher than a third of the picture")
            small.picture(f"present-{exhibit}-{language}-{width}-largest")
