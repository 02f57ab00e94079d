#!/usr/bin/env python3
"""The window, used as a person uses it: real key and mouse events (xdotool) on a real X display, facts read from the state file.

    ui_test.py PROGRAM ARTIFACTS [TEST ...]

Runs in the display that there is. Screenshots of every stage, and of a failure, are left in ARTIFACTS.

    ui_test.py --displays N PROGRAM ARTIFACTS

Runs all tests in N displays of their own at a time (Xvfb), as ctest does. SACCADE_UI_PICTURES=failures leaves pictures of failures only: a
picture takes a third of a second of a processor."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from box_tests import *  # noqa: E402,F401,F403
from compare_tests import *  # noqa: E402,F401,F403
from desk_tests import *  # noqa: E402,F401,F403
from driver import Window  # noqa: E402
from exhibit_tests import *  # noqa: E402,F401,F403
from field_tests import *  # noqa: E402,F401,F403
from file_tests import *  # noqa: E402,F401,F403
from hand_tests import *  # noqa: E402,F401,F403
from language_tests import *  # noqa: E402,F401,F403
from lesson_tests import *  # noqa: E402,F401,F403
from own_model_tests import *  # noqa: E402,F401,F403
from picture_tests import *  # noqa: E402,F401,F403
from present_tests import *  # noqa: E402,F401,F403
from random_tests import *  # noqa: E402,F401,F403
from reading_tests import *  # noqa: E402,F401,F403
from start_tests import *  # noqa: E402,F401,F403
from steps import answered, check, give_path, replace_field, write_figure  # noqa: E402
from survive_tests import *  # noqa: E402,F401,F403
from window_tests import *  # noqa: E402,F401,F403
from zoom_tests import *  # noqa: E402,F401,F403


def test_typing_a_date_draws_its_alignment(w):
    check(w.state()["texts"]["output"] == "2019-09-30", "the first sentence is not rewritten")
    w.replace_source("1 May 2021")
    s = w.wait("the output of what was typed", lambda s: answered(s) and s["texts"]["output"] == "2021-05-01")
    check(s["params"]["source"] == "1 May 2021", f"typed text arrives as {s['params']['source']!r}")
    check(s["grid"][1] == len("1 May 2021"), "the heatmap has not one column a character")
    w.picture("typed")


def test_chinese_can_be_typed_and_is_drawn(w):
    w.replace_source("2008年8月8日")
    w.wait("the output of a Chinese date", lambda s: answered(s) and s["texts"]["output"] == "2008-08-08")
    check("月" in w.state()["params"]["source"], "Chinese characters do not arrive")
    check(w.state()["notes"] == [], "the model says that it does not know Chinese digits")
    w.picture("chinese")


def test_empty_source_is_a_banner_and_nothing_is_lost(w):
    before = w.state()["texts"]
    w.replace_source("")
    s = w.wait("the problem", lambda s: s["problem"] is not None)
    check("Source" in s["problem"] and "\n" not in s["problem"], f"the banner says {s['problem']!r}")
    check(s["texts"] == before, "the picture before is gone")
    w.picture("empty")
    w.type("2 June 1999")
    w.wait("the answer to new text", lambda s: answered(s) and s["texts"]["output"] == "1999-06-02")


def test_unknown_characters_are_a_note_not_an_error(w):
    w.replace_source("3 May 2020 ~")
    s = w.wait("a note", lambda s: answered(s) and s["notes"])
    check("never saw" in s["notes"][0], f"the note says {s['notes'][0]!r}")
    w.picture("note")


def test_hover_and_click_say_which_cell(w):
    w.move(*w.cell(3, 2))
    w.wait("the hovered cell", lambda s: s["hovered"] == {"tensor": "weights", "index": [3, 2]})
    w.picture("hover")
    w.click(*w.cell(5, 4))
    s = w.wait("the clicked cell", lambda s: s["selected"] == {"tensor": "weights", "index": [5, 4]})
    check(s["explained"][-1] == s["selected"], "the inspector explains another cell")
    check(s["step"] == 5, "the transport does not follow the click")
    check(s["interventions"] == [], "a click changed a weight")


def test_dragging_a_weight_is_one_undo_entry(w):
    undo = w.state()["undo"]
    w.drag(*w.cell(4, 1), 0, -70)
    s = w.wait("an intervention", lambda s: answered(s) and len(s["interventions"]) == 1)
    check(s["interventions"][0].startswith("weights[4,1]="), s["interventions"][0])
    check(s["undo"] == undo + 1, f"one drag made {s['undo'] - undo} undo entries")
    w.picture("dragged")
    w.key("ctrl+z")
    w.wait("undo", lambda s: answered(s) and s["interventions"] == [])
    w.key("ctrl+shift+z")
    w.wait("redo", lambda s: answered(s) and len(s["interventions"]) == 1)
    w.key("ctrl+z")
    w.wait("undo again", lambda s: answered(s) and s["interventions"] == [])


def test_a_weight_moved_far_changes_the_output(w):
    before = w.state()["texts"]["output"]
    row = 0
    for column in (0, 5):  # away from the year: whichever of these the model hardly looks at
        w.drag(*w.cell(row, column), 0, -400)
        w.wait("an intervention", lambda s: answered(s) and s["interventions"])
        if w.state()["texts"]["output"] != before:
            break
    check(w.state()["texts"]["output"] != before, "a weight of 1 on another character changes nothing downstream")
    w.picture("changed-output")


def test_undo_takes_back_typing(w):
    w.replace_source("5 July 2031")
    w.wait("the typed date", lambda s: answered(s) and s["texts"]["output"] == "2031-07-05")
    w.key("ctrl+z")
    w.wait("the text before typing", lambda s: answered(s) and s["params"]["source"] == "Mon, 30 Sep 2019")
    w.picture("undone")


def test_keys_walk_the_steps_and_the_cells(w):
    w.click(*w.cell(2, 2))
    w.wait("the selection", lambda s: s["selected"]["index"] == [2, 2])
    w.key("shift+Right")
    w.key("shift+Down")
    w.wait("a moved selection", lambda s: s["selected"]["index"] == [3, 3])
    w.key("Right")
    w.wait("the next step", lambda s: s["step"] == 4)
    w.key("Left")
    w.wait("the step before", lambda s: s["step"] == 3)


def test_play_walks_to_the_end_and_stops(w):
    w.key("space")
    w.wait("playing", lambda s: s["playing"])
    w.wait("the end of the decoding", lambda s: not s["playing"] and s["step"] == s["steps"] - 1)


def test_theme_and_scale(w):
    check(w.state()["theme"] == "dark", "the window does not start dark")
    w.key("ctrl+t")
    w.wait("the light theme", lambda s: s["theme"] == "light")
    w.picture("light")
    w.key("ctrl+equal")
    w.wait("a larger scale", lambda s: s["ui_scale"] > 1.05)
    for _ in range(4):
        w.key("ctrl+equal")
    w.wait("scale 1.5", lambda s: abs(s["ui_scale"] - 1.5) < 0.01)
    w.picture("light-150")
    w.key("ctrl+0")
    w.wait("scale 1", lambda s: s["ui_scale"] == 1)
    w.key("ctrl+t")
    w.wait("the dark theme", lambda s: s["theme"] == "dark")


def test_every_size_stays_usable(w):
    for width, height in ((1280, 800), (1100, 700), (900, 600), (640, 480), (1600, 1000)):
        w.resize(width, height)
        source = w.wait("the source field", lambda s: "source" in s["places"])["places"]["source"]
        check(source[2] > 100 and source[0] + source[2] <= width, f"at {width} x {height} the source field is {source}")
        w.picture(f"size-{width}x{height}")
    w.replace_source("6 July 2031")
    w.wait("an answer after resizing", lambda s: answered(s) and s["texts"]["output"] == "2031-07-06")


def test_the_palette_runs_commands(w):
    w.key("ctrl+k")
    w.wait("the palette", lambda s: s["palette"] and s["typing"])
    w.type("light or")
    w.picture("palette")
    w.key("Return")
    w.wait("the command's effect", lambda s: s["theme"] == "light" and not s["palette"])
    w.key("ctrl+k")
    w.wait("the palette", lambda s: s["palette"] and s["typing"])
    w.key("Escape")
    w.wait("no palette", lambda s: not s["palette"])


def find(w, text):
    """Types into the palette, opened by its keys."""
    w.key("ctrl+k")
    w.wait("the palette", lambda s: s["palette"] and s["typing"])
    w.type(text)
    w.wait("all of it", lambda s: s["palette_query"] == text)


def test_the_palette_finds_settings_values_lessons_and_tokens(w):
    find(w, "beam 5")
    w.wait("the value", lambda s: "found Beam: 5" in s["places"])
    w.picture("palette_value")
    w.key("Return")
    w.wait("the value set", lambda s: answered(s) and s["params"].get("beam") == 5 and not s["palette"])
    find(w, "temperature")
    w.key("Return")
    s = w.wait("the field of the setting", lambda s: s["focus"] == "temperature" and s["typing"])
    w.key("Escape")
    find(w, "keep the weights")
    w.wait("the setting", lambda s: "found Keep the weights" in s["places"])
    w.key("Return")
    w.wait("its switch, ready to be pressed", lambda s: s["focus"] == "keep_weights" and s["button_focused"])
    w.picture("palette_setting")
    find(w, "zwdq")
    w.wait("the lesson by its pinyin", lambda s: "found Attention as alignment · 作为对齐的注意力" in s["places"])
    w.key("Return")
    w.wait("the lesson", lambda s: s["lesson"]["shown"] and not s["palette"])
    # By the arrows: the second of what is found.
    find(w, "score")
    s = w.resting("what is found", lambda s: len([p for p in s["places"] if p.startswith("found Score: ")]) > 1)
    rows = sorted((y, name) for name, (x, y, _, _) in s["places"].items() if name.startswith("found "))
    second = rows[1][1].removeprefix("found ")
    check(second.startswith("Score: "), f"the second row is {second}")
    w.key("Down", "Return")
    w.wait("the second row's value", lambda s: answered(s) and "score" in s["params"] and not s["palette"])
    find(w, "zzxqzzkqj")
    w.wait("nothing", lambda s: s["palette"] and not any(p.startswith("found ") for p in s["places"]))
    w.picture("palette_nothing")
    w.key("ctrl+a")
    w.type("Sep")
    w.key("Escape")
    w.wait("the palette to close", lambda s: not s["palette"])


def test_help_lists_the_keys(w):
    w.key("F1")
    w.wait("the help", lambda s: s["help"])
    w.picture("help")
    w.key("Escape")
    w.wait("no help", lambda s: not s["help"])


def test_tab_reaches_the_fields(w):
    w.click(*w.place("source"))
    w.wait("the source field", lambda s: s["typing"])
    w.key("Tab")  # the button of the examples stands between the fields
    w.wait("the button", lambda s: s["focus"] == "examples source")
    w.key("Tab")
    w.wait("the next field", lambda s: s["typing"] and s["focus"] == "target")
    w.type("2020-01-02")
    w.wait("the forced output", lambda s: answered(s) and s["texts"]["output"] == "2020-01-02")
    w.picture("forced")


def test_the_export_dialog_writes_a_picture_that_opens_again(w):
    path = os.path.join(tempfile.mkdtemp(), "weights.svg")
    w.key("ctrl+e")
    w.wait("the dialog", lambda s: s["export"])
    w.picture("export")

    write_figure(w, "/proc/none/weights.svg")
    w.wait("why it cannot be written", lambda s: "/proc/none" in s["export_result"] and "Written" not in s["export_result"])
    write_figure(w, path)
    w.wait("the file", lambda s: s["export_result"].startswith("Written") and os.path.exists(path))
    w.key("Escape")
    w.key("Escape")
    w.wait("no dialog", lambda s: not s["export"])
    w.replace_source("8 August 2018")
    w.wait("another date", lambda s: answered(s) and s["texts"]["output"] == "2018-08-08")
    w.key("ctrl+o")
    w.wait("the prompt", lambda s: s["prompt"] and s["typing"])
    give_path(w, path)
    s = w.wait("the picture's own run", lambda s: answered(s) and s["texts"]["output"] == "2019-09-30")
    check(s["params"]["source"] == "Mon, 30 Sep 2019", "the picture came back with another source")


def test_a_session_is_saved_and_restored(w):
    folder = tempfile.mkdtemp()
    path = os.path.join(folder, "session.json")
    w.drag(*w.cell(4, 1), 0, -70)
    s = w.wait("an intervention", lambda s: answered(s) and len(s["interventions"]) == 1)
    w.key("ctrl+s")
    w.wait("the prompt", lambda s: s["prompt"] and s["typing"])
    give_path(w, path)
    w.wait("the file is written", lambda s: not s["prompt"] and os.path.exists(path))
    with open(path, encoding="utf-8") as file:
        check(json.load(file)["request"]["exhibit"] == "alignment", "the session names no exhibit")
    with Window(w.program, w.artifacts, path) as again:
        t = again.wait("the restored session", lambda t: answered(t) and t["interventions"])
        check(t["interventions"] == s["interventions"], "the intervention is another")
        check(t["texts"] == s["texts"], "the output is another")


def test_choices_switches_and_numbers_come_from_their_specs(w):
    w.click(*w.place("score=dot"))
    w.wait("another score function", lambda s: answered(s) and s["params"]["score"] == "dot")
    w.click(*w.place("keep_weights"))
    w.wait("the switch", lambda s: answered(s) and s["params"]["keep_weights"] is True)
    replace_field(w, "temperature", "0.5")
    w.wait("the typed number", lambda s: answered(s) and s["params"]["temperature"] == 0.5)
    w.key("Return")
    x, y, width, _ = w.state()["places"]["slider window"]
    w.drag(x + width / 2, y + 10, width, 0)
    w.wait("infinity at the slider's end", lambda s: answered(s) and s["params"]["window"] in ("inf", "infinity", None))
    w.picture("params")
    for _ in range(8):
        w.key("ctrl+z")
    s = w.wait("all of it undone", lambda s: answered(s) and s["params"]["score"] == "trained")
    check(s["params"]["temperature"] == 1 and s["params"]["keep_weights"] is False, f"undo leaves {s['params']}")


def test_a_number_out_of_range_is_not_taken(w):
    replace_field(w, "beam", "99")
    w.type("x")
    w.picture("wrong-number")
    s = w.state()
    check(s["params"]["beam"] <= 10 and s["problem"] is None, f"beam is {s['params']['beam']}")


# Real key and mouse events meet a loaded machine: with SACCADE_TRIES=2 a test that fails is tried once more, and $SACCADE_TRIES_LOG tells
# it.
TRIES = max(1, int(os.environ.get("SACCADE_TRIES", 1)))


# What takes longest begins first, so that no display is left alone with it in the end.
LONGEST = ("test_no_text_is_cut_or_stands_on_another", "test_every_course_is_played_by_a_clicker_in_both_languages",
           "test_the_lesson_is_whole_on_every_projector_in_both_languages", "test_everything_is_reached_by_keyboard_alone",
           "test_every_exhibit_is_in_chinese_and_in_english_again", "test_random_actions")
RECORD = 128  # bytes of a test's name in the queue: a read of a pipe takes all of them or none


def on_displays(count, tests, program, artifacts):
    """`count` displays, each of which takes the next test when it has done one; the output of each as it ends."""
    display = ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24 -noreset"]  # no reset between two windows
    queue, end = os.pipe()
    shares = []
    for i in range(count):
        command = [*display, sys.executable, __file__, "--queue", str(queue), program, os.path.join(artifacts, str(i))]
        shares.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, pass_fds=[queue]))
        time.sleep(1)  # xvfb-run -a: two that look for a free number at once may find the same
    os.close(queue)
    for name in sorted(tests, key=lambda name: name not in LONGEST):
        os.write(end, name.encode().ljust(RECORD))
    os.close(end)
    failed, done = False, 0
    for share in shares:
        said = share.communicate()[0]
        print(said, end="", flush=True)
        done += len(re.findall(r"^(?:ok |FAILED .*(?<!once more)$)", said, re.MULTILINE))
        failed |= share.returncode != 0
    if done != len(tests):
        print(f"{done} of {len(tests)} tests were run", flush=True)
    sys.exit(1 if failed or done != len(tests) else 0)


def from_queue(queue):
    while record := os.read(queue, RECORD):
        yield record.decode().strip()


def passes(name, test, program, artifacts):
    """None, or what went wrong: one test must not take the others with it."""
    try:
        with Window(program, artifacts) as window:
            test(window)
        return None
    except Exception:
        picture = os.path.join(artifacts, "failed.png")
        if os.path.exists(picture):
            os.replace(picture, os.path.join(artifacts, f"failed-{name}.png"))
        return traceback.format_exc()


def note_try(name, problem):
    log = os.environ.get("SACCADE_TRIES_LOG")
    if log:
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"ui_test.py: {name} is tried once more: {problem.strip().splitlines()[-1][:300]}\n")


def main():
    tests = {name: f for name, f in globals().items() if name.startswith("test_")}
    if sys.argv[1] == "--displays":
        on_displays(int(sys.argv[2]), list(tests), *sys.argv[3:])
    queue = None
    if sys.argv[1] == "--queue":
        queue, sys.argv[1:3] = int(sys.argv[2]), []
    program, artifacts, *chosen = sys.argv[1:]
    os.makedirs(artifacts, exist_ok=True)
    unknown = [name for name in chosen if name not in tests]
    if unknown:
        sys.exit(f"no such test: {unknown[0]}")
    failed = []
    for name in from_queue(queue) if queue is not None else chosen or tests:
        for left in reversed(range(TRIES)):
            begun = time.monotonic()
            problem = passes(name, tests[name], program, artifacts)
            if problem is None:
                print(f"ok      {name}  {time.monotonic() - begun:.0f} s", flush=True)
                break
            print(f"FAILED  {name}{', once more' if left else ''}\n{problem}", flush=True)
            if left:
                note_try(name, problem)
            else:
                failed.append(name)
    print(f"{len(failed)} failed", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
