"""Every text where it stands: none cut but with an ellipsis, none over another, in every exhibit, in both languages, at every size.

The narrowest window by itself, beside the one of 1600 x 1000 in which language_tests.py goes through both languages; all sizes, with a table
of what is wrong, with SACCADE_UI_ALL_SIZES=1 (on a display of 3840 x 2160)."""

import itertools
import json
import os
import subprocess

from driver import Window
from steps import answered, check, choose, reach

# Width, height, the scale of all of it, language.
USUAL = ((800, 600, 1, "zh"),)
ALL = tuple((*size, language) for size in ((800, 600, 1), (1280, 720, 1), (1600, 1000, 1), (3840, 2160, 2)) for language in ("en", "zh"))
BUTTON_PADDING = 12  # px, on both sides: a button cuts what reaches into it
EDGE = 1.5  # px: letters stand out a little


def common(a, b):
    """What two rectangles share: x, y, width, height; widths and heights below 0 if nothing."""
    x, y = max(a[0], b[0]), max(a[1], b[1])
    return x, y, min(a[0] + a[2], b[0] + b[2]) - x, min(a[1] + a[3], b[1] + b[3]) - y


def ink(one):
    """Of a line that the window writes, which is higher than its letters; figures say where their letters are."""
    x, y, w, h = one["box"]
    less = 0 if one["of_figure"] else 0.2 * min(h, 40)
    return x, y + less, w, h - 2 * less


def cut(one):
    x, y, w, h = ink(one)
    left, top, wide, high = one["clip"]
    across = x < left - EDGE or x + w > left + wide + EDGE
    # What scrolls ends at the edge of what it scrolls in.
    down = not one["scrolls"] and (y < top - EDGE or y + h > top + high + EDGE)
    return across or down


def faults(boxes, screen):
    seen = [one for one in boxes if one["text"].strip() and min(common(one["box"], one["clip"])[2:]) > EDGE]
    found = [f"cut: {one['text']!r} {rounded(one['box'])} in {rounded(one['clip'])}" for one in seen if cut(one)]
    found += [f"outside: {one['text']!r} {rounded(one['box'])}" for one in seen
              if min(one["box"][:2]) < -EDGE or one["box"][0] + one["box"][2] > screen[0] + EDGE]
    for a, b in itertools.combinations(seen, 2):
        if a["layer"] != b["layer"] or a == b:
            continue
        w, h = common(common(ink(a), a["clip"]), common(ink(b), b["clip"]))[2:]
        if w > 2 and h > 2:
            found.append(f"over each other: {a['text']!r} {rounded(a['box'])} and {b['text']!r} {rounded(b['box'])}")
    return found


def rounded(box):
    return tuple(round(v) for v in box)


def titles(w):
    """Of every exhibit, by its id."""
    listed = subprocess.run([w.program, "list", "--json"], capture_output=True, check=True, env={**os.environ, "SACCADE_LANGUAGE": "en"})
    return {one["id"]: one["title"] for one in json.loads(listed.stdout)}


def faults_of_every_exhibit(w, width, height, scale, language):
    """By exhibit; empty: all is well."""
    environment = {"SACCADE_LANGUAGE": language}
    with Window(w.program, w.artifacts, size=(width, height), environment=environment, tells_texts=True) as window:
        for _ in range(round((scale - 1) * 10)):
            window.key("ctrl+equal")
        window.resting("the scale", lambda s: answered(s) and abs(s["ui_scale"] - scale) < 0.01 and s["language"] == language)
        found = {}
        for exhibit, title in titles(w).items():
            choose(window, title)
            s = window.resting(exhibit, lambda s: s["exhibit"] == exhibit and answered(s) and not s["running"] and s["drawn"]["boxes"])
            boxes = s["drawn"]["boxes"]
            check(len(boxes) > 20, f"{exhibit} tells of {len(boxes)} texts alone")
            wrong = faults(boxes, (width, height))
            if wrong:
                found[exhibit] = wrong
                window.picture(f"boxes-{width}-{language}-{exhibit}")
        return found


def test_no_text_is_cut_or_stands_on_another(w):
    sizes = ALL if os.environ.get("SACCADE_UI_ALL_SIZES") else USUAL
    lines = []
    for width, height, scale, language in sizes:
        for exhibit, wrong in faults_of_every_exhibit(w, width, height, scale, language).items():
            lines += [f"{width} x {height} at {scale} {language} {exhibit:<14} {one}" for one in wrong]
    check(not lines, "\n" + "\n".join(lines))


def test_a_lesson_that_is_written_has_room_for_its_texts_in_both_languages(w):
    for language in ("en", "zh"):
        environment = {"SACCADE_LANGUAGE": language}
        with Window(w.program, w.artifacts, size=(800, 600), environment=environment, tells_texts=True) as window:
            window.resting("a run", lambda s: answered(s) and s["language"] == language)
            window.key("ctrl+l")
            window.click(*reach(window, "record first"))
            s = window.resting("the editor", lambda s: s["played"] and s["played"]["editing"] and s["drawn"]["boxes"])
            at, panel = s["places"]["scene text"], s["places"]["save lesson"]
            check(at[1] > 48 and at[1] + at[3] < panel[1], "what was just recorded is not asked what it says")
            window.click(*window.place("save lesson"))
            s = window.resting("what is missing", lambda s: s["banner"] and "more lines" in s["places"] and s["drawn"]["boxes"])
            wrong = faults([one for one in s["drawn"]["boxes"] if one["layer"] == s["drawn"]["boxes"][0]["layer"]], (800, 600))
            window.picture(f"boxes-lesson-{language}")
            x, y, wide, high = s["places"]["more lines"]
            [on_it] = [one["box"] for one in s["drawn"]["boxes"] if min(common(one["box"], (x + wide / 2, y + high / 2, 1, 1))[2:]) > 0]
            check(on_it[2] + 2 * BUTTON_PADDING <= wide + EDGE, f"{language}: {rounded(on_it)} has no room in its button {(x, wide)}")
            check(not wrong, f"{language}: {wrong}")


def test_the_check_of_boxes_can_fail(w):
    del w
    line = {"text": "a", "box": [10, 10, 50, 20], "clip": [0, 0, 100, 100], "layer": "main", "scrolls": False, "of_figure": False}
    check(faults([line], (100, 100)) == [], "a text that stands free is taken for a fault")
    for wrong in ([{**line, "clip": [0, 0, 40, 100]}], [{**line, "clip": [0, 0, 100, 20]}], [line, {**line, "text": "b", "box": [40, 12, 50, 20]}],
                  [{**line, "box": [80, 10, 50, 20], "clip": [0, 0, 500, 100]}]):
        check(len(faults(wrong, (100, 100))) == 1, f"not found: {wrong}")
    below = {**line, "text": "b", "box": [10, 28, 50, 20]}
    check(faults([line, below], (100, 100)) == [], "two lines of a text stand on each other")
    check(faults([{**line, "clip": [0, 0, 100, 20], "scrolls": True}], (100, 100)) == [], "what is scrolled half out of sight is cut")
