"""The figure desk: opened, filled, looked at and written, as a person does it."""

import os
import re
import shlex
import subprocess
import tempfile

from steps import answered, check, choose, write_figure


def open_desk(w):
    w.key("ctrl+e")
    return w.wait("the desk", lambda s: s["export"] and "export path" in s["places"])


def laid_out(w, what="the preview"):
    return w.wait(what, lambda s: s["export_width_mm"] > 0 and not s["export_busy"] and not s["export_problem"] and s["settled"])


def into_sight(w, name):
    """Middle of something in the column of choices, turned into sight by the wheel."""
    for _ in range(60):
        x, y = w.place(name)
        place = w.state()["places"]
        top, foot = 56, place["export outcome"][1] - 16
        if top < y < foot:
            return x, y
        w.move(x, (top + foot) / 2)
        w.xdotool("click", 5 if y > top else 4)
        w.wait("the scrolled column", lambda s: s["settled"] and s["places"][name] != place[name])
    raise AssertionError(f"{name} cannot be reached by the wheel")


def press(w, name):
    w.click(*into_sight(w, name))


def write(w, target):
    if os.path.isfile(target):
        os.remove(target)  # of a figure written there before, the result would be taken for this one's
    write_figure(w, target)
    w.wait("the file", lambda s: s["export_result"].startswith("Written") and target in s["export_result"] and os.path.exists(target))


def transformer(w):
    choose(w, "transformer")
    w.wait("the transformer", lambda s: s["exhibit"] == "transformer" and answered(s) and not s["running"])


def pdf_size_mm(path):
    with open(path, "rb") as file:
        box = re.search(rb"/MediaBox \[ *0 0 ([0-9.]+) ([0-9.]+)", file.read())
    return [float(side) / 72 * 25.4 for side in box.groups()]


def test_the_desk_opens_by_its_keys_and_has_the_view_on_the_stage(w):
    s = open_desk(w)
    s = laid_out(w)
    check(len(s["export_panels"]) == 1, f"it begins with {s['export_panels']}")
    check(abs(s["export_width_mm"] - 85) < 0.1, f"it is {s['export_width_mm']} mm wide")
    check(abs(s["export_smallest_pt"] - 8) < 0.01, f"the smallest text has {s['export_smallest_pt']} pt")
    w.picture("desk")
    press(w, "export Width=170 mm")
    w.wait("a wider figure", lambda s: abs(s["export_width_mm"] - 170) < 0.1)
    w.key("Escape")
    w.wait("the stage", lambda s: not s["export"])
    open_desk(w)
    s = w.wait("the width as it was left", lambda s: abs(s["export_width_mm"] - 170) < 0.1)


def test_a_panel_is_added_and_the_pdf_has_the_stated_width(w):
    folder = tempfile.mkdtemp()
    transformer(w)
    open_desk(w)
    before = laid_out(w)
    press(w, "export add")
    w.click(*w.place("export add heatmap:cross.weights"))
    w.wait("two panels", lambda s: len(s["export_panels"]) == 2 and s["export_height_mm"] > before["export_height_mm"])
    laid_out(w)
    w.picture("desk-panels")
    path = os.path.join(folder, "figure.pdf")
    write(w, path)
    width, height = pdf_size_mm(path)
    s = w.state()
    check(abs(width - 85) < 0.1, f"the page is {width} mm wide")
    check(abs(height - s["export_height_mm"]) < 0.1, f"the page is {height} mm high, the preview {s['export_height_mm']}")
    order = s["export_panels"]
    press(w, "export panel 1 up")
    w.wait("the other order", lambda s: s["export_panels"] == order[::-1])
    press(w, "export panel 1 remove")
    w.wait("one panel", lambda s: len(s["export_panels"]) == 1)


def test_what_is_copied_as_a_command_draws_the_same(w):
    folder = tempfile.mkdtemp()
    transformer(w)
    open_desk(w)
    laid_out(w)
    press(w, "export add")
    w.click(*w.place("export add head-grid:cross.weights"))
    w.wait("two panels", lambda s: len(s["export_panels"]) == 2)
    press(w, "export Range=one for all")
    press(w, "export Scale=to largest")
    press(w, "export Title")
    press(w, "export Text=7 pt")
    w.wait("smaller text", lambda s: abs(s["export_smallest_pt"] - 7) < 0.01)
    path = os.path.join(folder, "figure.svg")
    write(w, path)
    w.click(*w.place("export copy"))
    w.wait("the command", lambda s: "clipboard" in s["export_result"])
    words = shlex.split(w.state()["export_command"])
    check(words[:3] == ["saccade", "render", "transformer"], f"the command is {words}")
    again = os.path.join(folder, "again.svg")
    words[words.index("-o") + 1] = again
    done = subprocess.run([w.program, *words[1:]], capture_output=True, text=True)
    check(done.returncode == 0, done.stderr)
    drawn = [re.sub(r"<metadata.*?</metadata>", "", open(one, encoding="utf-8").read(), flags=re.S) for one in (path, again)]
    check("<text" in drawn[0], "the figure has no text")
    check(drawn[0] == drawn[1], "the command draws another figure")
    sizes = [float(size) * 0.75 for size in re.findall(r'<text[^>]*font-size="([0-9.]+)"', drawn[0])]
    check(min(sizes) >= 7 - 0.01, f"text of {min(sizes)} pt")


def test_a_choice_that_cannot_be_is_said_and_nothing_is_lost(w):
    open_desk(w)
    laid_out(w)
    press(w, "export Width=own")
    w.click(*into_sight(w, "export Width"))
    w.wait("its field", lambda s: s["typing"])
    w.key("ctrl+a")
    w.type("85 parsecs")
    w.wait("why not", lambda s: s["export_problem"])
    w.picture("desk-problem")
    w.key("ctrl+a")
    w.type("3in")
    w.wait("the figure again", lambda s: abs(s["export_width_mm"] - 76.2) < 0.1 and not s["export_problem"])


def test_every_control_of_the_desk_is_reached_by_tab(w):
    open_desk(w)
    s = laid_out(w)
    wanted = {name for name in s["places"] if re.match(r"export (path|write|close|copy|add|Title|Selection|panel 0|(Width|Text|Format|Theme)=.*)$", name)}
    check(len(wanted) > 15, f"the desk has only {wanted}")
    seen = set()
    for _ in range(120):
        before = [s["focus"], s["focus_place"]]
        w.key("Tab")
        s = w.wait("the next control", lambda s: s["settled"] and [s["focus"], s["focus_place"]] != before)
        seen.add(s["focus"])
        if seen >= wanted:
            break
    check(seen >= wanted, f"Tab never reaches {wanted - seen}")


def test_what_does_not_fit_is_said_beside_the_preview(w):
    transformer(w)
    open_desk(w)
    laid_out(w)
    press(w, "export add")
    w.click(*w.place("export add heatmap:cross.weights"))
    w.wait("two panels", lambda s: len(s["export_panels"]) == 2)
    s = laid_out(w)
    check(s["export_notes"] == [], f"of a figure that fits it says {s['export_notes']}")
    press(w, "export columns=2")
    s = w.wait("that labels have no room", lambda s: any("labels" in note for note in s["export_notes"]))
    w.picture("desk-narrow")
    press(w, "export Width=170 mm")
    w.wait("room for all", lambda s: s["export_notes"] == [])


def test_the_figure_and_its_values_are_copied(w):
    open_desk(w)
    laid_out(w)
    for kind, said in (("Figure, as SVG", "as SVG"), ("Values, as CSV", "values"), ("Values, for LaTeX", "values")):
        w.click(*w.place("export copy as"))
        w.click(*w.place("export copy " + kind))
        w.wait("what was copied", lambda s: "clipboard" in s["export_result"] and said in s["export_result"])
    # What a field gets from the clipboard is what stands there.
    w.click(*w.place("export path"))
    w.wait("the path field", lambda s: s["typing"])
    w.key("ctrl+a")
    w.key("ctrl+v")
    w.wait("the table", lambda s: "tabular" in s["export_path"])
