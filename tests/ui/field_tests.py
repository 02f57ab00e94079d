"""What a field holds, what follows a change of text, and what the inspector shows where."""

import json
import os
import tempfile

from steps import answered, check, choose, give_path, reach, replace_field


def open_with_source(w, text):
    """A session whose source is this text; what a keyboard has no key for cannot be typed by a test in time."""
    path = os.path.join(tempfile.mkdtemp(), "session.json")
    w.key("ctrl+s")
    w.wait("the prompt", lambda s: s["prompt"] and s["typing"])
    give_path(w, path)
    w.wait("the file", lambda s: not s["prompt"] and os.path.exists(path))
    with open(path, encoding="utf-8") as file:
        session = json.load(file)
    session["request"]["params"]["source"] = text
    with open(path, "w", encoding="utf-8") as file:
        json.dump(session, file, ensure_ascii=False)
    w.key("ctrl+o")
    w.wait("the prompt", lambda s: s["prompt"] and s["typing"])
    give_path(w, path)
    w.wait("the text", lambda s: s["params"]["source"] == text and not s["running"])


def copy_and_paste(w, text):
    w.click(*w.place("source"))
    w.wait("the field to have the keyboard", lambda s: s["typing"])
    w.key("ctrl+a")
    w.key("ctrl+c")
    w.key("BackSpace")
    w.wait("an empty field", lambda s: s["params"]["source"] == "")
    w.key("ctrl+v")
    w.wait("the pasted text", lambda s: s["params"]["source"] == text)


def test_undo_in_a_field_never_reaches_an_earlier_text(w):
    """ImGui keeps a field's own undo for the next text in it, where it would write before the text's first letter."""
    w.key("ctrl+o")
    w.wait("the prompt", lambda s: s["prompt"] and s["typing"])
    w.type("a long path that is given up")
    w.wait("the text", lambda s: s["prompt_path"] == "a long path that is given up")
    w.key("Escape")
    w.wait("the prompt to close", lambda s: not s["prompt"])
    w.key("ctrl+o")
    w.wait("another prompt", lambda s: s["prompt"] and s["typing"] and s["prompt_path"] == "")
    for chord in ["ctrl+z"] * 5 + ["ctrl+shift+z", "ctrl+y"]:
        w.key(chord)
    w.type("x")
    s = w.wait("what is typed now", lambda s: s["prompt_path"].endswith("x"))
    check(s["prompt_path"] == "x", f"undo brought {s['prompt_path']!r}")
    w.key("Escape")
    w.wait("the prompt to close", lambda s: not s["prompt"])


def test_emoji_are_kept_by_a_field(w):
    text = "3 May 🚀🛰 2020"
    open_with_source(w, text)
    s = w.state()
    check("🚀 🛰" in s["notes"][0], f"the note says {s['notes']}")
    copy_and_paste(w, text)
    w.picture("emoji")
    for _ in range(6):
        w.key("BackSpace")
    w.wait("one emoji less", lambda s: s["params"]["source"] == "3 May 🚀")


def test_what_cannot_be_seen_has_its_code_in_the_field_and_in_the_message(w):
    open_with_source(w, "\u200b\u00ad")
    s = w.wait("a problem", lambda s: s["problem"])
    check("U+200B zero width space, U+00AD soft hyphen" in s["problem"], s["problem"])
    copy_and_paste(w, "\u200b\u00ad")
    w.picture("invisible")


def test_a_path_in_quotes_is_asked_about_before_it_is_replaced(w):
    path = os.path.join(tempfile.mkdtemp(), "my own.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write("precious")
    w.key("ctrl+s")
    w.wait("the prompt", lambda s: s["prompt"] and s["typing"])
    give_path(w, f"'{path}'")
    w.wait("the question", lambda s: "is there already" in s["prompt_problem"])
    with open(path, encoding="utf-8") as file:
        check(file.read() == "precious", "it was overwritten without a word")
    w.picture("replace-quoted")


def test_an_edit_does_not_move_to_another_text(w):
    w.drag(*w.cell(4, 1), 0, -70)
    s = w.wait("an intervention", lambda s: answered(s) and len(s["interventions"]) == 1)
    name = s["intervention_names"][0]
    w.replace_source("1 May 2020")
    s = w.wait("it is set aside", lambda s: answered(s) and s["enabled"] == [False] and s["set_aside"])
    check(s["set_aside"] == [name], f"the notice names {s['set_aside']}, not {name}")
    w.wait("the output of the text alone", lambda s: answered(s) and s["texts"]["output"] == "2020-05-01")
    w.wait("the way to apply it", lambda s: "Apply here" in s["places"])
    w.picture("set-aside")
    w.click(*w.place("Apply here"))
    w.wait("it is applied", lambda s: answered(s) and s["enabled"] == [True] and not s["set_aside"])
    w.key("ctrl+z")
    w.wait("aside again", lambda s: answered(s) and s["enabled"] == [False] and s["set_aside"] == [name])
    w.replace_source("Mon, 30 Sep 2019")
    w.wait("it comes back with its text", lambda s: answered(s) and s["enabled"] == [True] and not s["set_aside"])


def test_a_lesson_opens_at_its_top_and_keeps_its_place(w):
    w.resize(1280, 720)
    reach(w, "all claims")
    s = w.wait("a scrolled inspector", lambda s: s["inspector_scroll"] > 0)
    settings = s["inspector_scroll"]
    w.key("ctrl+l")
    w.wait("the lesson at its top", lambda s: s["lesson"]["shown"] and s["inspector_scroll"] == 0)
    w.picture("lesson-top")
    w.key("ctrl+l")
    w.wait("the settings where they were", lambda s: not s["lesson"]["shown"] and s["inspector_scroll"] == settings)


def test_by_hand_stands_where_there_is_something_to_take_hold_of(w):
    w.wait("alignment's", lambda s: "by hand" in s["places"])
    for exhibit, there in (("complexity", False), ("channel", True)):  # what complexity measures takes its time
        choose(w, exhibit)
        w.wait(f"{exhibit} {'with' if there else 'without'} what can be done by hand",
               lambda s: s["exhibit"] == exhibit and s["steps"] == 0 and ("by hand" in s["places"]) == there)


def test_own_weights_are_read_when_they_are_typed(w):
    choose(w, "permutation")
    w.wait("the exhibit", lambda s: s["exhibit"] == "permutation" and answered(s) and "grid in_proj" in s["places"])
    w.picture("unread")
    at = w.state()["places"]["grid in_proj"]
    w.click(at[0] + 12, at[1] + 12)
    w.wait("the cursor", lambda s: s["matrix"]["param"] == "in_proj")
    w.type("3")
    w.key("Return")
    w.wait("own weights", lambda s: answered(s) and s["params"]["projections"] == "own")
    w.picture("read")


def test_a_number_that_cannot_be_becomes_the_nearest_that_can(w):
    choose(w, "multi-head")
    w.wait("the exhibit", lambda s: answered(s) and s["exhibit"] == "multi-head" and "slider layer" in s["places"])
    for typed, shown, left in (("9", 1, 3), ("1.6", 1, 2), ("", 2, 2), ("x", 2, 2)):
        w.click(*reach(w, "layer"))
        w.wait("the field", lambda s: s["typing"])
        w.key("ctrl+a", "BackSpace")
        if typed:
            w.type(typed)
        s = w.wait("what was typed", lambda s: s["typed_number"] == typed)
        check(s["params"]["layer"] == shown, f"of {typed!r}, {s['params']['layer']} is what it begins with")
        w.key("Tab")
        w.wait(f"{left} for {typed!r}", lambda s: s["params"]["layer"] == left and answered(s))
