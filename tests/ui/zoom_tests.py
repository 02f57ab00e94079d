"""Zooming and moving what is shown of long axes: matrices, heads, flows."""

import os
import tempfile

from desk_tests import laid_out, open_desk, press, transformer, write
from driver import Window
from steps import answered, check, choose


def shown(s, axis):
    """[first, last] of an axis, from 1; none: all of it."""
    text = s["positions"].get(axis)
    if text is None:
        return None
    first, _, last = text.partition("-")
    return [int(first), int(last or first)]


def box_of(w, name="heatmap"):
    return w.resting(name, lambda s: name in s["places"])["places"][name]


def zoom_in(w, notches=3):
    x, y, wide, high = box_of(w)
    w.move(x + max(2, wide * 0.01), y + max(2, high * 0.01))  # its corner stays where it is
    w.wait("the mouse on the map", lambda s: s["hovered"]["tensor"])
    for _ in range(notches):
        w.xdotool("click", 4)
    return w.wait("a part", lambda s: s["positions"] and s["settled"])


def test_the_wheel_zooms_the_hand_moves_and_a_double_click_goes_back(w):
    s = w.wait("the alignment", answered)
    rows, columns = s["grid"]
    undo = s["undo"]
    s = zoom_in(w)
    source, output = shown(s, "source"), shown(s, "output")
    check(source[0] == 1 and source[1] < columns and output[1] < rows, f"the wheel zoomed to {s['positions']}")
    check(s["grid"] == [output[1] - output[0] + 1, source[1] - source[0] + 1], f"the map has {s['grid']} cells")
    check("show all" in s["places"], "nothing says that there is more")
    check(undo < s["undo"] <= undo + 3, f"a gesture made {s['undo'] - undo} undo entries")
    w.picture("zoomed")
    x, y, wide, high = box_of(w)
    w.drag(x + wide * 0.6, y + high * 0.5, -wide * 0.4, 0)
    s = w.wait("the map moved", lambda s: s["positions"].get("source") and shown(s, "source")[0] > 1 and not s["dragging"])
    check(s["interventions"] == [], "the drag changed a weight")
    w.key("ctrl+z")
    w.wait("undo", lambda s: s["positions"].get("source") and shown(s, "source") == source)
    w.click(x + wide * 0.5, y + high * 0.5)
    w.wait("a moment", lambda s: s["settled"])
    w.move(x + wide * 0.5, y + high * 0.5)
    w.xdotool("click", "--repeat", 2, "--delay", 60, 1)
    s = w.wait("all of it", lambda s: not s["positions"] and "show all" not in s["places"])
    check(s["grid"] == [rows, columns], "not all is shown")


def test_keys_zoom_move_and_go_back(w):
    w.click(*w.cell(4, 3))
    w.wait("the selection", lambda s: s["selected"]["index"] == [4, 3])
    w.key("alt+plus")
    w.key("alt+plus")
    s = w.wait("a part by keys", lambda s: s["positions"].get("source"))
    part = shown(s, "source")
    check(part[0] <= 4 <= part[1], f"the selected cell is out of sight: {part}")
    w.key("alt+Right")
    w.wait("moved by keys", lambda s: s["positions"].get("source") and shown(s, "source")[0] > part[0])
    # The selected cell takes what is shown along.
    for _ in range(6):
        w.key("shift+Left")
    s = w.wait("the first column", lambda s: s["selected"]["index"][1] == 0 and shown(s, "source")[0] == 1)
    w.key("Home")
    w.wait("all", lambda s: not s["positions"])
    w.key("alt+minus")
    w.key("alt+plus")
    w.wait("a part again", lambda s: s["positions"])


def test_all_heads_and_the_flow_show_the_same_part_and_so_does_the_export(w):
    transformer(w)
    s = zoom_in(w, 2)
    part = dict(s["positions"])
    w.picture("zoomed-transformer")
    w.key("ctrl+t")
    w.wait("light", lambda s: s["theme"] == "light")
    w.picture("zoomed-transformer-light")
    open_desk(w)
    laid_out(w)
    press(w, "export panel 0")
    press(w, "export view heatmap")
    path = os.path.join(tempfile.mkdtemp(), "part.csv")
    write(w, path)
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    source, output = shown({"positions": part}, "source.key"), shown({"positions": part}, "output")
    check(len(lines) == output[1] - output[0] + 2, f"{len(lines)} lines of {part}")
    check(len(lines[0].split(",")) == source[1] - source[0] + 2, f"{lines[0]} of {part}")
    check("--show-rows" in w.state()["export_command"], f"the command is {w.state()['export_command']}")
    press(w, "export all")
    write(w, path)
    with open(path, encoding="utf-8") as file:
        check(len(file.read().splitlines()) > len(lines), "all of it is no more than the part")


def test_the_desk_chooses_rows_labels_and_a_font(w):
    folder = tempfile.mkdtemp()
    transformer(w)
    open_desk(w)
    laid_out(w)
    press(w, "export panel 0")
    press(w, "export view heatmap")
    press(w, "export Rows")
    w.wait("the field", lambda s: s["typing"])
    w.type("2-5")
    press(w, "export Columns")
    w.type("1,3-6")
    press(w, "export Column labels=45°")
    press(w, "export Font=serif")
    path = os.path.join(folder, "figure.svg")
    write(w, path)
    with open(path, encoding="utf-8") as file:
        svg = file.read()
    check("rotate(-45" in svg, "no label stands at 45 degrees")
    check("serif" in svg.lower() and "2–5 of" in svg, "rows or font are not those that were chosen")
    w.picture("desk-rows")
    for flag in ("--show-rows 2-5", "--show-columns 1,3-6", "--labels slanted", "--font-family serif"):
        check(flag in w.state()["export_command"], f"{flag} is not in {w.state()['export_command']}")
    press(w, "export Rows")
    w.key("ctrl+a")
    w.type("99")
    w.wait("what is wrong", lambda s: s["export_problem"])
    w.picture("desk-rows-wrong")


def test_a_part_survives_its_session(w):
    path = os.path.join(tempfile.mkdtemp(), "part.saccade")
    s = zoom_in(w)
    part = s["positions"]
    w.key("ctrl+s")
    w.wait("the prompt", lambda s: s["prompt"] and s["typing"])
    w.key("ctrl+a")
    w.type(path)
    w.wait("the path", lambda s: s["prompt_path"] == path)
    w.key("Return")
    w.wait("saved", lambda s: not s["prompt"])
    with Window(w.program, w.artifacts, path) as again:
        s = again.wait("the session", lambda s: s["positions"] == part)
        # The first window has it open: the second says so, and writes nothing.
        check("open in another window" in (s["banner"] or ""), f"the banner says {s['banner']}")
        before = open(path, "rb").read()
        choose(again, "memory")
        again.key("ctrl+t")
        choose(again, "alignment")
        again.key("ctrl+s")
        again.wait("the prompt", lambda s: s["prompt"] and s["prompt_path"] == path and s["typing"])
        again.key("Return")
        again.wait("a refusal", lambda s: "open in another window" in s["prompt_problem"])
        check(open(path, "rb").read() == before, "the session was overwritten")
        again.picture("session-held")
        w.close()
        again.xdotool("windowfocus", "--sync", again.id)
        again.click(*again.place("ok"))
        again.wait("saved, now that it is free", lambda s: not s["prompt"])
    check(not os.path.exists(path + ".lock"), "the lock stays")
