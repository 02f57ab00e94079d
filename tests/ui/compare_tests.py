"""A beside B in the window."""

import os
import tempfile

from driver import Window
from steps import answered, check, give_path


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
