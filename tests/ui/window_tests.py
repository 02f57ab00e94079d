"""The window itself: who takes Esc, what Tab reaches, what each exhibit keeps, and that everything has its place at every size."""

import json
import os
import struct
import tempfile
import time
import zlib

from steps import answered, check, choose, give_path
from xdnd import set_resources


def test_esc_leaves_the_field_and_its_text_and_picture_agree(w):
    w.click(*w.place("source"))
    w.wait("the field to have the keyboard", lambda s: s["typing"])
    w.key("ctrl+a")
    w.type("7 July 2031")
    w.key("Escape")  # while the run of the last keystroke may be under way
    s = w.wait("the answer to what was typed", lambda s: answered(s) and not s["typing"] and not s["running"])
    check(s["params"]["source"] == "7 July 2031", f"Esc leaves {s['params']['source']!r} in the field")
    check(s["texts"]["output"] == "2031-07-07", f"the output is {s['texts']['output']}")
    check(not s["cancelled"], "Esc in a field cancels the run")
    w.picture("esc-in-field")


def test_esc_in_every_field_keeps_what_was_typed(w):
    w.click(*w.place("temperature"))
    w.wait("the field to have the keyboard", lambda s: s["typing"])
    w.key("ctrl+a")
    w.type("0.5")
    w.key("Escape")
    s = w.wait("no field", lambda s: answered(s) and not s["typing"])
    check(s["params"]["temperature"] == 0.5, f"the temperature is {s['params']['temperature']}")
    w.key("ctrl+e")
    w.wait("the dialog", lambda s: s["export"])
    w.click(*w.place("export path"))
    w.wait("its field", lambda s: s["typing"])
    w.key("ctrl+a")
    w.type("another.svg")
    w.key("Escape")
    s = w.wait("the dialog, closed", lambda s: not s["export"])
    check(s["export_path"] == "another.svg", f"the path is {s['export_path']!r}")


def test_esc_is_for_the_uppermost_alone(w):
    choose(w, "bottleneck")
    w.wait("a run that takes a while", lambda s: s["exhibit"] == "bottleneck" and s["running"])
    w.key("ctrl+k")
    w.wait("the palette", lambda s: s["palette"])
    w.key("Escape")
    s = w.wait("no palette", lambda s: not s["palette"])
    check(not s["cancelled"], "the Esc of the palette cancelled the run")
    w.key("F1")
    w.wait("the help", lambda s: s["help"])
    w.key("ctrl+k")
    w.wait("the palette in its place", lambda s: s["palette"] and not s["help"])
    w.key("Escape")
    w.wait("no palette", lambda s: not s["palette"])


def test_each_exhibit_keeps_its_own(w):
    w.replace_source("8 August 2018")
    w.wait("the answer", lambda s: answered(s) and s["texts"]["output"] == "2018-08-08")
    w.key("Escape")
    w.drag(*w.cell(4, 1), 0, -70)
    before = w.wait("an intervention", lambda s: answered(s) and len(s["interventions"]) == 1)
    choose(w, "transformer")
    w.wait("the transformer", lambda s: answered(s) and s["exhibit"] == "transformer" and s["texts"])
    w.click(*w.place("view Combine layers rollout"))
    w.wait("rollout", lambda s: s["options"].get("layers") == "rollout")
    choose(w, "alignment")
    s = w.wait("alignment again", lambda s: answered(s) and s["exhibit"] == "alignment" and s["texts"])
    check(s["params"] == before["params"] and s["interventions"] == before["interventions"], "its inputs or interventions are gone")
    check(s["texts"] == before["texts"], "its output is gone")
    check(s["options"] == {}, f"another exhibit's view came along: {s['options']}")
    w.picture("kept")
    choose(w, "transformer")
    w.wait("its view", lambda s: s["exhibit"] == "transformer" and s["options"].get("layers") == "rollout")


def test_undo_crosses_exhibits_and_its_list_goes_back(w):
    first = w.state()["params"]["source"]
    w.replace_source("8 August 2018")
    w.wait("the answer", lambda s: answered(s) and s["texts"]["output"] == "2018-08-08")
    w.key("Escape")
    w.drag(*w.cell(4, 1), 0, -70)
    w.wait("an intervention", lambda s: answered(s) and len(s["interventions"]) == 1)
    choose(w, "transformer")
    w.wait("the transformer", lambda s: answered(s) and s["exhibit"] == "transformer" and s["texts"])
    w.click(*w.place("view Combine layers rollout"))
    w.wait("rollout", lambda s: s["options"].get("layers") == "rollout")
    choose(w, "memory")
    w.wait("the memory", lambda s: answered(s) and s["exhibit"] == "memory")
    w.key("ctrl+z")
    w.wait("the transformer as it was", lambda s: s["exhibit"] == "transformer" and s["options"] == {} and "Undone" in (s["banner"] or ""))
    w.key("ctrl+z")
    w.wait("alignment as it was", lambda s: answered(s) and s["exhibit"] == "alignment" and s["interventions"] == [])
    w.key("ctrl+y")
    w.wait("the weight", lambda s: answered(s) and len(s["interventions"]) == 1)
    w.key("ctrl+shift+z")
    w.wait("the rollout", lambda s: s["exhibit"] == "transformer" and s["options"].get("layers") == "rollout")
    # The list: the latest first. By a click to before everything, by keys to the text alone.
    w.key("ctrl+h")
    w.wait("the list", lambda s: s["history"] and "history 3" in s["places"])
    w.picture("history")
    w.click(*w.place("history 3"))
    s = w.wait("the beginning", lambda s: answered(s) and not s["history"] and s["exhibit"] == "alignment" and s["interventions"] == [])
    check(s["params"]["source"] == first and s["undo"] == 0 and s["redo"] == 3, f"{s['params']['source']!r}, {s['undo']} made, {s['redo']} undone")
    w.key("ctrl+h")
    w.wait("the list", lambda s: s["history"] and "history 3" in s["places"])
    w.key("Up", "Return")
    s = w.wait("the text", lambda s: answered(s) and s["params"]["source"] == "8 August 2018")
    check(s["interventions"] == [] and s["undo"] == 1, f"{s['interventions']}, {s['undo']} made")
    for keys, made in (("Home", 3), ("End", 0), ("Page_Up", 3), ("Page_Down", 0), ("Home", 3)):
        w.key("ctrl+h")
        w.wait("the list", lambda s: s["history"] and "history 3" in s["places"])
        w.key(keys, "Return")
        w.wait(f"what {keys} leads to", lambda s: answered(s) and not s["history"] and s["undo"] == made)
    w.key("ctrl+h")
    w.wait("the list", lambda s: s["history"])
    w.key("Escape")
    w.wait("no list", lambda s: not s["history"])


def test_what_has_no_room_on_the_bar_stands_in_its_menu(w):
    names = ("drawer", "compare", "open history", "theme", "language", "present", "open desk")
    for width, height in ((1024, 768), (800, 600), (640, 480), (480, 400)):
        w.resize(width, height)
        s = w.resting("the bar", lambda s: "open desk" in s["places"])
        on = [name for name in (*names, "search or run") if name in s["places"]]
        boxes = sorted(s["places"][name] for name in on)
        for (x, _, wide, _), (after, *_) in zip(boxes, boxes[1:]):
            check(x + wide <= after + 1, f"at {width} buttons stand on each other: {boxes}")
        check(boxes[-1][0] + boxes[-1][2] <= width, f"at {width} the last goes beyond the window: {boxes}")
        missing = [name for name in names if name not in on]
        if missing:
            w.click(*w.place("more"))
            w.resting(f"in the menu: {missing}", lambda s: all(name in s["places"] for name in missing))
            w.picture(f"bar-{width}")
            w.key("Escape")
            w.resting("no menu", lambda s: not any(name in s["places"] for name in missing))
    check("language" in missing and "present" in missing, f"at 480 only {missing} are left out")
    w.click(*w.place("more"))
    w.click(*w.place("language"))
    w.wait("Chinese", lambda s: s["language"] == "zh")
    w.resting("no menu", lambda s: "language" not in s["places"])
    w.click(*w.place("more"))
    w.click(*w.place("language"))
    w.wait("English", lambda s: s["language"] == "en")


def test_the_drawer_stands_beside_the_stage(w):
    for width, height in ((1270, 800), (1000, 700), (800, 600), (640, 480)):
        w.resize(width, height)
        closed = w.wait("the source field", lambda s: "source" in s["places"])["places"]["source"]
        w.key("ctrl+i")
        s = w.wait("the drawer", lambda s: s["drawer"] and "tab inspect" in s["places"])
        drawer = s["places"]["tab inspect"][0] - 16
        for name in ("source", "target", "heatmap"):
            if name in s["places"]:
                x, _, wide, _ = s["places"][name]
                check(x + wide <= drawer + 1, f"at {width} x {height} {name} goes under the drawer: {x + wide} > {drawer}")
        check(s["places"]["source"][2] < closed[2], "the stage makes no room")
        w.picture(f"drawer-{width}")
        w.key("ctrl+i")
        w.wait("no drawer", lambda s: not s["drawer"])


def test_tab_reaches_every_button_and_space_presses_it(w):
    w.click(*w.place("source"))
    w.wait("the field", lambda s: s["typing"])
    places, names, at = [], set(), w.state()["focus_place"]
    for _ in range(150):
        w.key("Tab")
        s = w.wait("the focus to move", lambda s: s["focus_place"] not in (at, -1))
        at = s["focus_place"]
        places.append(at)
        names.add(s["focus"])
        if s["focus"] == "theme":
            break
    check(s["focus"] == "theme", f"Tab never comes to the button of the theme: {names}")
    check(places == list(range(places[0], places[0] + len(places))), f"Tab leaves out some: {places}")
    for name in ("target", "exhibit memory", "score=dot", "temperature", "keep_weights", "compare"):
        check(name in names, f"Tab passes {name} over: {names}")
    w.picture("tab-focus")
    w.key("shift+Tab")
    w.wait("the button before", lambda s: s["focus"] == "open history")
    w.key("Tab")
    w.wait("the theme's again", lambda s: s["focus"] == "theme")
    w.key("space")
    w.wait("the light theme", lambda s: s["theme"] == "light" and not s["playing"])
    w.key("Return")
    w.wait("the dark theme", lambda s: s["theme"] == "dark")
    # However fast they come: none is lost while the one before still holds the button.
    for theme in ("light", "dark", "light"):
        w.key("space", "Return", "space")
        w.wait(f"the {theme} theme after three presses", lambda s: s["theme"] == theme)


def test_plus_and_minus_change_the_selected_weight_and_undo_takes_it_back(w):
    w.click(*w.cell(4, 1))
    s = w.wait("the selection", lambda s: s["selected"]["index"] == [4, 1])
    undo = s["undo"]
    w.key("plus")
    w.wait("a higher weight", lambda s: answered(s) and len(s["interventions"]) == 1)
    w.key("KP_Add")
    w.key("plus")
    s = w.wait("three steps", lambda s: answered(s) and s["interventions"] and float(s["interventions"][0].split("=")[1]) > 0.14)
    check(s["undo"] == undo + 1, f"keys made {s['undo'] - undo} undo entries")
    for _ in range(5):
        w.key("minus")
    s = w.wait("nothing left", lambda s: answered(s) and s["interventions"] == ["weights[4,1]=0"])
    w.picture("minus")
    w.key("ctrl+z")
    w.wait("undo", lambda s: answered(s) and s["interventions"] == [])


def test_step_and_selection_are_one(w):
    s = w.wait("where it opens", lambda s: answered(s) and s["selected"]["tensor"] == "weights")
    check(s["step"] == s["selected"]["index"][0] and s["step"] < s["steps"] - 1, f"it opens at {s['step']}, {s['selected']}")
    for key in ("Right", "Right", "Left"):
        before = s["step"]
        w.key(key)
        s = w.wait("another step", lambda s: s["step"] != before)
        check(s["selected"]["index"][0] == s["step"], f"step {s['step']}, selected {s['selected']}")


def test_no_message_moves_the_stage(w):
    at = w.state()["places"]["heatmap"]
    w.replace_source("3 May 2020 ~")
    s = w.wait("a note", lambda s: answered(s) and s["notes"])
    check(s["places"]["heatmap"][1] == at[1], f"a note moves the views by {s['places']['heatmap'][1] - at[1]} px")
    w.key("ctrl+a")
    w.key("BackSpace")
    s = w.wait("a problem", lambda s: s["problem"])
    check(s["places"]["heatmap"][1] == at[1], "a problem moves the views")
    w.picture("banner")


def test_no_view_is_dropped_at_any_size(w):
    for exhibit in ("key-value", "channel", "multi"):
        choose(w, exhibit)
        w.wait("its views", lambda s: answered(s) and any(p.startswith("enlarge ") for p in s["places"]))
        w.resize(1600, 1000)
        time.sleep(0.4)
        every = {p for p in w.state()["places"] if p.startswith("enlarge ")}
        for width, height in ((1280, 720), (800, 600), (640, 480)):
            w.resize(width, height)
            seen = set()
            for _ in range(40):
                time.sleep(0.15)
                s = w.state()
                seen |= {p for p in s["places"] if p.startswith("enlarge ")}
                if seen >= every or "more views" not in s["places"]:
                    break
                w.click(*w.place("more views"))
            check(seen >= every, f"{exhibit} at {width} x {height} never shows {every - seen}")
            w.picture(f"views-{exhibit}-{width}")


def test_dialogs_stay_inside_the_window(w):
    w.resize(800, 600)
    for key, name in (("F1", "help"), ("ctrl+k", "palette"), ("ctrl+e", "export")):
        w.key(key)
        s = w.wait(name, lambda s: s[name] and "dialog" in s["places"])
        x, y, width, height = s["places"]["dialog"]
        check(x >= 0 and y >= 0 and x + width <= 800 and y + height <= 600, f"the {name} stands at {x}, {y}, {width} x {height}")
        w.picture(f"dialog-{name}")
        w.key("Escape")
        w.wait("no dialog", lambda s: not s[name])


def test_the_file_and_its_button_are_in_sight_in_a_low_window(w):
    for width, height in ((640, 480), (1280, 720)):
        w.resize(width, height)
        w.key("ctrl+e")
        s = w.wait("the dialog", lambda s: s["export"] and "export write" in s["places"])
        time.sleep(0.5)  # it takes its height in a few frames
        s = w.state()
        dialog = s["places"]["dialog"]
        for name in ("export path", "export write"):
            x, y, wide, high = s["places"][name]
            check(y >= dialog[1] and y + high <= dialog[1] + dialog[3], f"{name} is out of the dialog at {width} x {height}")
        w.picture(f"export-{height}")
        w.key("Escape")
        w.wait("no dialog", lambda s: not s["export"])


def test_the_gallery_and_the_inspector_go_with_the_exhibit(w):
    w.resize(1280, 720)
    for _ in range(12):
        w.move(1100, 500)
        w.xdotool("click", 5)
    w.wait("the inspector scrolled", lambda s: s["places"]["tab inspect"][1] < 0)
    choose(w, "capture")
    s = w.wait("the last exhibit", lambda s: s["exhibit"] == "capture" and "exhibit capture" in s["places"])
    time.sleep(0.5)
    s = w.state()
    y, height = s["places"]["exhibit capture"][1::2]
    check(y >= 48 and y + height <= 720 - 32, f"the exhibit that is shown stands at {y} in the gallery")
    check(s["places"]["tab inspect"][1] > 48, "the inspector of another exhibit does not begin at its top")
    w.picture("gallery-last")


def test_an_example_brings_its_model_and_a_model_its_example(w):
    w.click(*w.place("source"))
    w.click(*w.place("examples source"))
    w.click(*w.place("source=我爱中国。"))
    s = w.wait("the translator", lambda s: answered(s) and s["params"]["source"] == "我爱中国。")
    check(s["params"]["model"].startswith("zh-en"), f"a Chinese sentence is read by {s['params']['model']}")
    w.key("ctrl+z")
    s = w.wait("undo", lambda s: answered(s) and s["params"]["source"] == "Mon, 30 Sep 2019")
    check(s["params"]["model"] == "dates", "one choice is more than one undo entry")
    w.click(*w.place("model=zh-en-gru"))
    s = w.wait("a sentence", lambda s: answered(s) and s["params"]["model"] == "zh-en-gru")
    check(s["params"]["source"] != "Mon, 30 Sep 2019", "the translator is asked to read a date")
    w.replace_source("30 Sep 2019")
    w.wait("the offer", lambda s: answered(s) and "Switch model" in s["places"])
    w.picture("offer")
    w.click(*w.place("Switch model"))
    s = w.wait("the model of dates", lambda s: answered(s) and s["params"]["model"] == "dates")
    check(s["params"]["source"] == "30 Sep 2019" and s["texts"]["output"] == "2019-09-30", "what was typed is gone")


def test_a_file_is_replaced_only_when_asked_twice(w):
    path = os.path.join(tempfile.mkdtemp(), "mine.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write("precious")
    w.key("ctrl+s")
    w.wait("the prompt", lambda s: s["prompt"] and s["typing"])
    give_path(w, path)
    w.wait("the question", lambda s: "is there already" in s["prompt_problem"])
    with open(path, encoding="utf-8") as file:
        check(file.read() == "precious", "it was overwritten without a word")
    w.picture("replace")
    w.click(*w.place("ok"))
    w.wait("the file", lambda s: not s["prompt"])
    with open(path, encoding="utf-8") as file:
        check(file.read() != "precious", "it was not replaced")


def test_preferences_are_kept(w):
    w.key("ctrl+t")
    w.wait("the light theme", lambda s: s["theme"] == "light")
    w.key("ctrl+plus")
    w.wait("a larger scale", lambda s: s["ui_scale"] > 1.05)
    time.sleep(0.5)
    with type(w)(w.program, w.artifacts, config=w.config) as again:
        s = again.wait("the same again", lambda s: answered(s) and s["texts"])
        check(s["theme"] == "light" and abs(s["ui_scale"] - 1.1) < 0.01, f"it starts {s['theme']} at {s['ui_scale']}")


def test_quitting_asks_about_a_training(w):
    w.key("ctrl+k")
    w.wait("the palette", lambda s: s["palette"] and s["typing"])
    w.type("train from")
    w.key("Return")
    w.wait("a running training", lambda s: s["training"]["state"] == "running")
    w.key("ctrl+q")
    w.wait("the question", lambda s: s["leaving"])
    w.picture("leaving")
    w.key("Escape")
    w.wait("no question", lambda s: not s["leaving"] and s["training"]["state"] == "running")


def test_the_first_size_is_what_the_screen_asks_for(w):
    set_resources("Xft.dpi:\t144\n")
    try:
        with type(w)(w.program, w.artifacts) as dense:
            s = dense.wait("a scale", lambda s: answered(s) and s["texts"])
            check(abs(s["ui_scale"] - 1.5) < 0.01, f"at 144 dpi the scale is {s['ui_scale']}")
            dense.key("ctrl+equal")
            dense.wait("a larger one", lambda s: s["ui_scale"] > 1.55)
            dense.key("ctrl+0")
            dense.wait("the screen's again", lambda s: abs(s["ui_scale"] - 1.5) < 0.01)
            dense.picture("dense-screen")
    finally:
        set_resources("")


def png(width, height):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compress((b"\0" + bytes(3 * width)) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_session_that_names_files_elsewhere_asks(w):
    folder, elsewhere = tempfile.mkdtemp(), tempfile.mkdtemp()
    secret, pipe = os.path.join(elsewhere, "secret.png"), os.path.join(folder, "pipe.png")
    with open(secret, "wb") as file:
        file.write(png(40, 30))
    os.mkfifo(pipe)

    def session(image):
        path = os.path.join(folder, "session.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"format": "saccade-session", "version": 1, "request": {"exhibit": "spatial", "seed": 11, "params": {"image": image}}}, file)
        return path

    def open_it(path):
        w.key("ctrl+o")
        w.wait("the prompt", lambda s: s["prompt"] and s["typing"])
        give_path(w, path)

    open_it(session(secret))
    s = w.wait("the question", lambda s: s["asking"])
    check(s["asking"] == [secret], f"it asks about {s['asking']}")
    check(s["exhibit"] != "spatial", "it is opened before the answer")
    w.picture("asks-about-files")
    w.click(*w.place("asking leave out"))
    s = w.wait("the rest of the session", lambda s: answered(s) and s["exhibit"] == "spatial" and not s["asking"])
    check(secret not in json.dumps(s["params"]), "the picture that nobody agreed to is named")
    # In the exhibit that is open, while a cell of its run is explained: there will be no other run.
    choose(w, "alignment")
    w.wait("its picture", lambda s: answered(s) and s["exhibit"] == "alignment" and s["texts"])
    w.click(*w.cell(4, 1))
    w.wait("the explained cell", lambda s: s["explained"])
    with open(os.path.join(folder, "no-weights.json"), "w", encoding="utf-8") as file:
        json.dump({"format": "saccade-session", "version": 1, "request": {"exhibit": "alignment", "weights": pipe}}, file)
    open_it(file.name)
    w.wait("the line about its weights", lambda s: "pipe" in (s["problem"] or ""))
    w.picture("no-weights")
    w.wait("nothing to explain", lambda s: not s["explained"])
    open_it(session(pipe))  # beside it: nothing to ask; and nothing to wait for, at its end either
    w.wait("the line about the pipe", lambda s: "pipe" in (s["problem"] or "") + (s["banner"] or ""))
    before = time.monotonic()
    w.key("ctrl+q")
    w.process.wait(30)
    check(time.monotonic() - before < 10, "the window waits for a pipe")
    check(w.process.returncode == 0, f"it ended with {w.process.returncode}")
