"""The hand in the window: blocks ablated and frozen, masks drawn, the list of what was done and what came of it."""

import json
import os
import subprocess
import tempfile

from driver import Window
from steps import answered, check, choose, give_path, reach


def test_a_row_is_ablated_toggled_and_undone(w):
    w.click(*w.cell(0, 4))
    w.wait("the clicked cell", lambda s: s["selected"]["index"] == [0, 4] and "ablate" in s["places"])
    before = w.state()["undo"]
    w.click(*reach(w, "ablate"))
    s = w.wait("the ablation", lambda s: answered(s) and s["interventions"] == ["weights[0,:]*=0"])
    check(s["undo"] == before + 1, "one press is not one undo entry")
    check(s["intervention_names"][0].startswith("ablate "), s["intervention_names"][0])
    s = w.wait("what came of it", lambda s: "effect" in s["places"] and s["changes"])
    check(any(abs(then - now) > 0.01 for _, then, now in s["changes"]), f"changes are {s['changes']}")
    w.picture("ablated")
    w.click(*reach(w, "intervention 0"))
    w.wait("switched off", lambda s: answered(s) and s["enabled"] == [False])
    w.click(*reach(w, "intervention 0"))
    w.wait("switched on", lambda s: answered(s) and s["enabled"] == [True])
    for _ in range(2):
        w.key("ctrl+z")
    w.wait("on, before it was switched off", lambda s: answered(s) and s["enabled"] == [True])
    w.key("ctrl+z")
    w.wait("nothing", lambda s: answered(s) and s["interventions"] == [])
    w.key("ctrl+shift+z")
    w.wait("ablated again", lambda s: answered(s) and len(s["interventions"]) == 1)
    w.click(*reach(w, "remove 0"))
    w.wait("removed", lambda s: answered(s) and s["interventions"] == [])


def test_a_slider_scales_and_the_middle_changes_nothing(w):
    w.click(*w.cell(2, 3))
    w.wait("the clicked cell", lambda s: s["selected"]["index"] == [2, 3] and "factor" in s["places"])
    reach(w, "factor")
    x, y, width, height = w.state()["places"]["factor"]
    w.drag(x + width / 2, y + height / 2, -width / 4, 0)
    s = w.wait("a factor", lambda s: answered(s) and len(s["interventions"]) == 1)
    factor = float(s["interventions"][0].split("*=")[1])
    check(0.3 < factor < 0.7, f"the factor is {factor}")
    w.picture("scaled")
    w.key("ctrl+z")
    w.wait("undone by one key", lambda s: answered(s) and s["interventions"] == [])


def test_a_pattern_is_frozen_and_kept_in_a_session(w):
    path = os.path.join(tempfile.mkdtemp(), "frozen.json")
    w.click(*w.cell(5, 4))
    w.wait("the tools", lambda s: "freeze all" in s["places"])
    w.click(*reach(w, "freeze all"))
    w.wait("the frozen pattern", lambda s: answered(s) and s["intervention_names"] == ["freeze all (weights)"])
    w.replace_source("30 Sep 2017")
    s = w.wait("a shorter text", lambda s: answered(s) and s["params"]["source"] == "30 Sep 2017" and s["notes"])
    check(any("are frozen" in note for note in s["notes"]), f"the notes are {s['notes']}")
    w.picture("frozen")
    w.key("ctrl+s")
    w.wait("the prompt", lambda s: s["prompt"] and s["typing"])
    give_path(w, path)
    w.wait("the file is written", lambda s: not s["prompt"] and os.path.exists(path))
    with Window(w.program, w.artifacts, path) as again:
        t = again.wait("the restored session", lambda t: answered(t) and t["interventions"])
        check(t["interventions"] == s["interventions"], "the pattern is another")
        check(t["texts"]["output"] == s["texts"]["output"], "the output is another")


def test_a_mask_is_drawn_with_the_mouse_and_saved(w):
    path = os.path.join(tempfile.mkdtemp(), "mask.json")
    w.click(*w.place("alignment=local_m"))
    w.wait("a window of keys, which is a mask", lambda s: answered(s) and "draw mask" in s["places"])
    w.click(*reach(w, "draw mask"))
    w.wait("the pen", lambda s: s["drawing"])
    x, y = w.cell(2, 1)
    down = w.cell(5, 1)[1]
    w.drag(x, y, 0, down - y, steps=24)
    s = w.wait("the stroke", lambda s: answered(s) and len(s["interventions"]) == 4)
    check(all(spec.startswith("mask[") for spec in s["interventions"]), f"drawn was {s['interventions']}")
    check(s["intervention_names"][0].startswith("mask drawn"), f"the list says {s['intervention_names']}")
    w.picture("mask")
    w.key("ctrl+z")
    w.wait("the stroke undone", lambda s: answered(s) and s["interventions"] == [])
    w.key("ctrl+shift+z")
    s = w.wait("the stroke again", lambda s: answered(s) and len(s["interventions"]) == 4)
    w.key("ctrl+s")
    w.wait("the prompt", lambda s: s["prompt"] and s["typing"])
    give_path(w, path)
    w.wait("the file is written", lambda s: not s["prompt"] and os.path.exists(path))
    with open(path, encoding="utf-8") as file:
        check(len(json.load(file)["request"]["interventions"]) == 4, "the session has another mask")
    with Window(w.program, w.artifacts, path) as again:
        t = again.wait("the restored session", lambda t: answered(t) and t["interventions"])
        check(t["interventions"] == s["interventions"], "the mask is another")


def test_a_row_of_the_other_side_is_taken_over(w):
    w.key("ctrl+b")
    w.wait("the comparison", lambda s: s["compare"]["on"] and s["compare"]["focus"] == 1 and s["compare"]["difference"])
    w.click(*w.place("score=dot"))
    w.wait("another score in B", lambda s: answered(s) and s["compare"]["params"][1]["score"] == "dot")
    x, y, width, height = w.state()["places"]["heatmap B"]
    rows, columns = w.state()["grids"]["heatmap B"]
    w.click(x + width * 1.5 / columns, y + height * 4.5 / rows)
    w.wait("the cell", lambda s: s["selected"]["index"] == [4, 1] and "patch block" in s["places"])
    w.click(*reach(w, "patch block"))
    s = w.wait("A's row in B", lambda s: answered(s) and len(s["interventions"]) == 1)
    check("as in A" in s["intervention_names"][0], s["intervention_names"][0])
    w.picture("patched")


def test_a_head_of_the_transformer_is_ablated(w):
    choose(w, "transformer")
    w.wait("the exhibit", lambda s: s["exhibit"] == "transformer" and answered(s))
    w.click(*w.cell(2, 1))
    w.wait("a cell of a head", lambda s: len(s["selected"]["index"]) == 4 and "ablate" in s["places"])
    w.click(*reach(w, "ablate"))
    s = w.wait("the ablation", lambda s: answered(s) and len(s["interventions"]) == 1)
    check("head" in s["intervention_names"][0], s["intervention_names"][0])
    w.picture("transformer-ablated")
    w.key("ctrl+t")
    w.picture("transformer-ablated-light")
    w.click(*reach(w, "draw mask"))
    w.wait("the pen", lambda s: s["drawing"])
    w.click(*w.cell(2, 2))
    s = w.wait("a drawn mask", lambda s: answered(s) and len(s["interventions"]) == 2)
    check(s["interventions"][1].endswith("=-inf"), f"drawn was {s['interventions'][1]}")
    w.picture("transformer-mask")


def test_changes_stand_in_the_top_bar_and_on_the_stage(w):
    check("changes" not in w.state()["places"], "the top bar speaks of changes before there are any")
    choose(w, "transformer")
    w.wait("the translation", lambda s: answered(s) and s["exhibit"] == "transformer" and "heatmap" in s["places"])
    check("output before" not in w.state()["places"], "an output is struck out that nothing changed")
    before = w.state()["texts"]["output"]
    # What the second and third layer read at one place is taken away, as a figure has it that is opened again.
    path = os.path.join(tempfile.mkdtemp(), "changed.png")
    subprocess.run([w.program, "render", "transformer", "--intervene", "cross.weights[2,:,4,:]*=0", "--intervene",
                    "cross.weights[1,:,5,:]*=0", "--view", "bars", "--tensor", "probabilities", "-o", path], check=True)
    with Window(w.program, w.artifacts, path) as again:
        s = again.wait("both outputs", lambda s: answered(s) and "output before" in s["places"])
        check(s["texts"]["output.untouched"] == before, f"struck out is {s['texts'].get('output.untouched')}")
        check(s["texts"]["output"] != before, "the output is as it was")
        again.picture("changes_struck_output")
        # By the keyboard, too.
        for _ in range(20):
            stood = again.state()["focus_place"]
            again.key("shift+Tab")
            if again.wait("the focus to move", lambda s: s["focus_place"] not in (stood, -1))["focus"] == "changes":
                break
        check(again.state()["focus"] == "changes", "Shift Tab does not come to the changes")
        again.key("Return")
        again.wait("their list", lambda s: "changes menu" in s["places"] and "changes intervention 1" in s["places"])
        again.picture("changes_list")
        again.key("Escape")
        again.wait("the list to close", lambda s: "changes menu" not in s["places"])
        again.key("ctrl+k")
        again.wait("the palette", lambda s: s["palette"] and s["typing"])
        again.type("changes by hand")
        again.key("Return")
        again.wait("the list again", lambda s: not s["palette"] and "changes intervention 1" in s["places"])
        again.click(*again.place("changes intervention 0"))
        again.wait("one switched off", lambda s: answered(s) and s["enabled"] == [False, True])
        again.click(*again.place("changes remove 0"))
        again.wait("it removed", lambda s: answered(s) and len(s["interventions"]) == 1)
        again.click(*again.place("changes remove 0"))
        s = again.wait("none left", lambda s: answered(s) and not s["interventions"] and "changes" not in s["places"])
        again.wait("the output alone", lambda s: "output before" not in s["places"] and s["texts"]["output"] == before)
