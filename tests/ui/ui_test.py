#!/usr/bin/env python3
"""The window, used as a person uses it: real key and mouse events (xdotool) on a real X display, facts read from the state file.

    ui_test.py PROGRAM ARTIFACTS [TEST ...]

Runs under Xvfb (ctest does that). Screenshots of every stage, and of a failure, are left in ARTIFACTS."""

import json
import os
import sys
import tempfile
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from driver import Window  # noqa: E402


def answered(s):
    return not s["stale"] and s["problem"] is None


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def give_path(w, path):
    """Types a path into the open prompt; Return only when all of it has arrived."""
    w.key("ctrl+a")
    w.type(path)
    w.wait("all of the path", lambda s: s["prompt_path"] == path)
    w.key("Return")


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


def test_help_lists_the_keys(w):
    w.key("F1")
    w.wait("the help", lambda s: s["help"])
    w.picture("help")
    w.key("Escape")
    w.wait("no help", lambda s: not s["help"])


def test_tab_reaches_the_fields(w):
    w.click(*w.place("source"))
    w.key("Tab")
    w.type("2020-01-02")
    s = w.wait("a forced output or a changed source", lambda s: s["params"]["target"] or s["params"]["source"] != "Mon, 30 Sep 2019")
    if s["params"]["target"] == "":  # a button may stand between the fields
        raise AssertionError("Tab stays in the source field")
    w.wait("the forced output", lambda s: answered(s) and s["texts"]["output"] == "2020-01-02")
    w.picture("forced")


def test_the_export_dialog_writes_a_picture_that_opens_again(w):
    path = os.path.join(tempfile.mkdtemp(), "weights.svg")
    w.key("ctrl+e")
    w.wait("the dialog", lambda s: s["export"])
    w.picture("export")

    def write(target):
        w.click(*w.place("export path"))
        w.wait("the path field", lambda s: s["typing"])
        w.key("ctrl+a")
        w.type(target)
        w.wait("all of the path", lambda s: s["export_path"] == target)
        w.click(*w.place("export write"))

    write("/proc/none/weights.svg")
    w.wait("why it cannot be written", lambda s: "/proc/none" in s["export_result"] and "Written" not in s["export_result"])
    write(path)
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


def choose(w, exhibit):
    w.key("ctrl+k")
    w.wait("the palette", lambda s: s["palette"] and s["typing"])
    w.type("go to " + exhibit)
    w.key("Return")
    w.wait("the palette to close", lambda s: not s["palette"])


def replace_field(w, name, text):
    w.click(*w.place(name))
    w.wait("the field to have the keyboard", lambda s: s["typing"])
    w.key("ctrl+a")
    w.type(text)


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


def test_a_beside_b(w):
    w.key("ctrl+b")
    w.wait("the comparison", lambda s: s["compare"]["on"] and s["compare"]["focus"] == 1 and s["compare"]["difference"])
    w.click(*w.place("score=dot"))
    s = w.wait("another score in B alone", lambda s: answered(s) and s["compare"]["params"][1]["score"] == "dot")
    check(s["compare"]["params"][0]["score"] != "dot", "A changed too")
    check("heatmap difference" in s["places"], "no difference is drawn")
    w.move(*w.cell(3, 2))
    w.wait("the cursor", lambda s: s["hovered"]["index"] == [3, 2])
    w.picture("compare")
    w.replace_source("1 May 2021")
    s = w.wait("the text in both", lambda s: answered(s) and not any(s["compare"]["stale"])
               and all(p["source"] == "1 May 2021" for p in s["compare"]["params"]))
    w.click(*w.place("linked"))
    w.wait("inputs of their own", lambda s: not s["compare"]["linked"])
    w.replace_source("30/9/19")
    s = w.wait("the text in B alone", lambda s: answered(s) and s["compare"]["params"][1]["source"] == "30/9/19")
    check(s["compare"]["params"][0]["source"] == "1 May 2021", "A's text changed too")
    w.picture("compare-unlinked")
    w.key("ctrl+1")
    s = w.wait("the focus on A", lambda s: s["compare"]["focus"] == 0)
    check(s["params"]["score"] != "dot", "the inspector shows B")
    w.key("ctrl+t")
    w.picture("compare-light")
    for width, height in ((1280, 800), (1000, 700), (760, 600), (640, 480)):
        w.resize(width, height)
        w.picture(f"compare-{width}x{height}")
    for which, name in (("which0", "heatmap"), ("which1", "heatmap B"), ("which2", "heatmap difference")):
        w.click(*w.place(which))
        w.wait(f"{name} alone", lambda s: name in s["places"] and len(s["grids"]) == 1)
    w.resize(1600, 1000)
    w.key("ctrl+b")
    w.wait("A alone", lambda s: not s["compare"]["on"])
    w.key("ctrl+z")
    w.wait("the comparison again", lambda s: s["compare"]["on"] and answered(s))


def test_a_click_in_b_takes_the_focus_and_a_drag_changes_b(w):
    w.key("ctrl+b")
    w.wait("the comparison", lambda s: s["compare"]["on"] and s["compare"]["difference"] and not s["running"])
    w.key("ctrl+1")
    w.wait("the focus on A", lambda s: s["compare"]["focus"] == 0)
    x, y, width, height = w.state()["places"]["heatmap B"]
    rows, columns = w.state()["grids"]["heatmap B"]
    w.drag(x + width * 1.5 / columns, y + height * 4.5 / rows, 0, -80)
    s = w.wait("an intervention in B", lambda s: answered(s) and s["compare"]["focus"] == 1 and s["interventions"])
    check(s["selected"]["index"] == [4, 1], f"selected is {s['selected']}")
    w.key("ctrl+1")
    w.wait("none in A", lambda s: s["compare"]["focus"] == 0 and s["interventions"] == [])


def test_a_session_keeps_the_comparison(w):
    path = os.path.join(tempfile.mkdtemp(), "compare.json")
    w.key("ctrl+b")
    w.wait("the comparison", lambda s: s["compare"]["on"])
    w.click(*w.place("score=general"))
    w.wait("another score", lambda s: answered(s) and s["params"]["score"] == "general")
    w.key("ctrl+s")
    w.wait("the prompt", lambda s: s["prompt"] and s["typing"])
    give_path(w, path)
    w.wait("the file is written", lambda s: not s["prompt"] and os.path.exists(path))
    with Window(w.program, w.artifacts, path) as again:
        s = again.wait("B of the session", lambda s: answered(s) and s["compare"]["on"] and s["compare"]["difference"])
        check(s["compare"]["params"][1]["score"] == "general", "B is another")


def test_the_lesson_is_shown_in_both_languages_with_its_claims(w):
    w.key("ctrl+l")
    s = w.wait("the lesson", lambda s: s["lesson"]["shown"])
    check("held" in s["lesson"]["verdicts"], f"verdicts are {s['lesson']['verdicts']}")
    w.picture("lesson")
    w.click(*w.place("lesson zh"))
    w.wait("Chinese", lambda s: s["lesson"]["language"] == "zh")
    w.picture("lesson-zh")
    w.click(*w.place("tab inspect"))
    w.wait("the inspector", lambda s: not s["lesson"]["shown"])


def test_a_matrix_is_edited_as_a_table(w):
    choose(w, "key-value")
    s = w.wait("the memory", lambda s: answered(s) and s["exhibit"] == "memory" and "grid q" in s["places"])
    before = s["params"]["q"]
    x, y, _, _ = s["places"]["grid q"]
    w.click(x + 20, y + 12)
    w.wait("the cursor", lambda s: s["matrix"]["param"] == "q" and s["matrix"]["cell"] == [0, 0])
    w.key("Right")
    w.wait("the next cell", lambda s: s["matrix"]["cell"] == [0, 1])
    w.type("-2.5")
    w.wait("typing", lambda s: s["matrix"]["typing"])
    w.key("Return")
    s = w.wait("the number", lambda s: answered(s) and s["params"]["q"][0][1] == -2.5)
    check(s["matrix"]["cell"] == [1, 1], "Enter does not go down")
    w.key("Tab")
    w.wait("Tab", lambda s: s["matrix"]["cell"] == [1, 2])
    w.type("abc")
    w.key("Return")
    w.wait("why it is no number", lambda s: s["matrix"]["problem"] != "")
    w.picture("matrix-problem")
    w.key("Escape")
    w.wait("no problem", lambda s: s["matrix"]["problem"] == "" and not s["matrix"]["typing"])
    w.key("ctrl+z")
    w.wait("undo", lambda s: answered(s) and s["params"]["q"] == before)
    w.click(x + 20, y + 12)
    w.wait("the first cell", lambda s: s["matrix"]["cell"] == [0, 0] and s["matrix"]["param"] == "q")
    w.type("1 0 0 1; 0 1 1 0; 1 1 1 1")
    w.key("Return")
    w.wait("a whole block", lambda s: answered(s) and s["params"]["q"] == [[1, 0, 0, 1], [0, 1, 1, 0], [1, 1, 1, 1]])
    w.picture("matrix")


def test_a_matrix_comes_from_a_file(w):
    choose(w, "key-value")
    w.wait("the memory", lambda s: answered(s) and s["exhibit"] == "memory")
    path = os.path.join(tempfile.mkdtemp(), "queries.csv")
    with open(path, "w", encoding="utf-8") as file:
        file.write("1,2,3,4\n5,6,7,8\n")
    w.click(*w.place("edit q"))
    w.click(*w.place("Open .npy, .npz, .csv … q"))
    w.wait("the prompt", lambda s: s["prompt"] and s["typing"])
    give_path(w, path)
    w.wait("the file's numbers", lambda s: answered(s) and s["params"]["q"] == [[1, 2, 3, 4], [5, 6, 7, 8]])


def test_a_click_on_the_tree_picks_a_hypothesis(w):
    replace_field(w, "beam", "5")
    w.wait("the tree", lambda s: answered(s) and s["params"]["beam"] == 5 and "hypothesis=2" in s["places"])
    w.key("Return")
    w.click(*w.place("enlarge tree/beam.score"))
    w.wait("the tree alone", lambda s: "heatmap" not in s["places"])
    w.picture("tree")
    w.click(*w.place("hypothesis=2"))
    w.wait("the second hypothesis", lambda s: answered(s) and s["params"]["hypothesis"] == 2)
    w.picture("tree-picked")
    w.click(*w.place("enlarge tree/beam.score"))
    w.wait("the other cards", lambda s: "heatmap" in s["places"])


def test_a_long_run_shows_what_it_has_and_can_be_cancelled(w):
    w.key("ctrl+k")
    w.wait("the palette", lambda s: s["palette"] and s["typing"])
    w.type("go to bottleneck")
    w.key("Return")
    w.wait("the exhibit", lambda s: s["exhibit"] == "bottleneck" and "samples" in s["places"])
    replace_field(w, "samples", "512")
    w.key("Return")
    replace_field(w, "longest", "12")
    w.key("Return")
    w.wait("a partial result", lambda s: s["partial"] and s["running"] and "Cancel" in s["places"])
    w.picture("progress")
    w.key("Escape")
    s = w.wait("the end of it", lambda s: s["cancelled"] and not s["running"])
    check(s["partial"] and 0 < s["progress"] < 1, f"progress is {s['progress']}")
    w.picture("cancelled")
    w.click(*w.place("Run again"))
    w.wait("another run", lambda s: s["running"] and not s["cancelled"])
    w.click(*w.place("Cancel"))
    w.wait("cancelled by the button", lambda s: s["cancelled"])


def test_training_runs_while_the_window_lives(w):
    w.key("ctrl+k")
    w.wait("the palette", lambda s: s["palette"] and s["typing"])
    w.type("train from")
    w.key("Return")
    w.wait("a running training", lambda s: s["training"]["state"] == "running")
    w.wait("curves and snapshots", lambda s: s["training"]["points"] >= 2 and s["training"]["snapshots"] >= 2)
    w.picture("training")
    w.wait("a snapshot drawn", lambda s: s["training"]["shown"] >= 0)
    w.replace_source("7 July 2031")  # the window takes input meanwhile
    w.wait("typed text", lambda s: s["params"]["source"] == "7 July 2031")


def main():
    program, artifacts, *chosen = sys.argv[1:]
    os.makedirs(artifacts, exist_ok=True)
    tests = {name: f for name, f in globals().items() if name.startswith("test_")}
    unknown = [name for name in chosen if name not in tests]
    if unknown:
        sys.exit(f"no such test: {unknown[0]}")
    failed = []
    for name, test in tests.items():
        if chosen and name not in chosen:
            continue
        try:
            with Window(program, artifacts) as window:
                test(window)
            print(f"ok      {name}", flush=True)
        except Exception:  # one test must not take the others with it
            failed.append(name)
            picture = os.path.join(artifacts, "failed.png")
            if os.path.exists(picture):
                os.replace(picture, os.path.join(artifacts, f"failed-{name}.png"))
            print(f"FAILED  {name}\n{traceback.format_exc()}", flush=True)
    print(f"{len(failed)} failed", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
