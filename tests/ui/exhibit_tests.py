"""Parts of the window that some exhibits have: lessons, tables of numbers, trees, long runs, training."""

import os
import tempfile

from steps import answered, check, choose, give_path, replace_field


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


def test_a_press_lets_the_model_write_and_another_takes_it_back(w):
    choose(w, "your model")
    s = w.wait("the model", lambda s: answered(s) and s["exhibit"] == "checkpoint")
    before = s["texts"]["output"]
    w.click(*w.place("quick generate"))
    s = w.wait("its words", lambda s: answered(s) and s["params"]["generate"] == 20 and s["texts"]["output"] != before)
    w.picture("written-on")
    w.click(*w.place("quick generate"))
    w.wait("the text alone", lambda s: answered(s) and s["params"]["generate"] == 0 and s["texts"]["output"] == before)
    w.key("ctrl+z")
    w.wait("the words again", lambda s: s["params"]["generate"] == 20)
