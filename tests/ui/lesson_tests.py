"""Lessons that play: files of scenes, walked in Present by a clicker, guessed at, changed by hand and made so again."""

import glob
import json
import os
import subprocess
import tempfile

from driver import Window, usual_config
from present_tests import check_boxes, position, presenting
from steps import answered, check, give_path, reach

LESSONS = os.path.join(os.path.dirname(__file__), "..", "..", "assets", "lessons")


def course(name):
    return os.path.abspath(os.path.join(LESSONS, name + ".json"))


def courses():
    """Those that go through several exhibits; the lessons of one are played without a window (core_tests)."""
    found = []
    for path in sorted(glob.glob(os.path.join(LESSONS, "*.json"))):
        with open(path, encoding="utf-8") as file:
            scenes = json.load(file)["scenes"]
        if len({scene["state"]["request"]["exhibit"] for scene in scenes}) > 1:
            found.append(os.path.basename(path)[:-5])
    return found


def judged(s, scene=None):
    played = s["played"]
    return (played and answered(s) and len(played["verdicts"]) == played["claims"] and
            (scene is None or played["scene"] == scene))


def playing(w, path):
    """Opened by its path, and presented."""
    w.key("ctrl+o")
    w.wait("the prompt", lambda s: s["prompt"] and s["typing"])
    give_path(w, path)
    w.wait("the lesson", lambda s: judged(s, 0))
    return presenting(w)


def clicked_through(w, where):
    """Next, as a clicker sends it, from the first scene to the last: every claim is held, every text on the screen, and where there
    is a question it is answered first."""
    scenes = asked = 0
    for scene in range(100):
        s = w.resting(f"scene {scene + 1}", lambda s: judged(s, scene) and "present hints" in s["places"])
        at = f"{where}, scene {scene + 1}"
        check(set(s["played"]["verdicts"]) == {"held"}, f"{at}: {s['played']['verdicts']}")
        check(not s["played"]["problem"] and not s["played"]["changed"], f"{at}: {s['played']['problem'] or 'changed'}")
        check_boxes(s, at)
        scenes += 1
        if s["played"]["asks"]:
            asked += 1
            check(s["played"]["covered"] and not s["played"]["answer"], f"{at}: the answer is there before it is asked for")
            check("heatmap" not in s["grids"] and "(window)" in s["places"], f"{at}: a card lies open beside the question")
            w.key("Next")
            s = w.wait("the answer", lambda s: s["played"]["answer"])
            check(s["played"]["scene"] == scene, f"{at}: the question was passed over")
        while scene + 1 < s["present"]["points"] and s["present"]["point"] == scene:
            at = position(s)
            w.key("Next")
            s = w.wait("the next page", lambda s: position(s) != at)
        if scene + 1 == s["present"]["points"]:
            return scenes, asked
    raise AssertionError(f"{where}: the lesson does not end")


def test_every_course_is_played_by_a_clicker_in_both_languages(w):
    w.close()
    names = courses()
    check(len(names) >= 3, f"there are {names}")
    for language in ("en", "zh"):
        with Window(w.program, w.artifacts, config=usual_config(language=language)) as other:
            for name in names:
                with open(course(name), encoding="utf-8") as file:
                    written = json.load(file)["scenes"]
                playing(other, course(name))
                scenes, asked = clicked_through(other, f"{name} in {language}")
                check(scenes == len(written) and asked == sum("question" in scene for scene in written),
                      f"{name}: {scenes} scenes were played, {asked} asked")
                other.picture(f"lesson-{name}-{language}")
                other.key("Escape")
                other.wait("the window", lambda s: not s["present"]["on"])


def to_scene(w, scene):
    s = w.state()
    while s["present"]["point"] != scene:
        before = position(s)
        w.key("Right" if before[0] < scene else "Left")
        s = w.wait("another page", lambda s: position(s) != before)
    return w.resting("the scene", lambda s: judged(s, scene))


def test_what_a_hand_changes_in_a_scene_is_made_so_again(w):
    playing(w, course("fixed-context-to-attention"))
    to_scene(w, 2)
    w.click(*w.place("claim 3"))
    s = w.wait("its cell", lambda s: s["selected"]["tensor"] == "weights")
    check(s["selected"]["index"] == [1, 2], f"the claim about “time” selects {s['selected']}")
    w.drag(*w.cell(1, 2), 0, 120)
    s = w.wait("a change", lambda s: s["interventions"] and s["played"]["changed"])
    w.wait("a claim that is broken by hand", lambda s: judged(s) and "broken, by hand" in s["played"]["verdicts"])
    w.picture("lesson-changed")
    w.key("m")
    s = w.wait("the scene again", lambda s: judged(s, 2) and not s["played"]["changed"])
    check(not s["interventions"] and set(s["played"]["verdicts"]) == {"held"}, "the scene is not as it was")
    w.key("Escape")
    w.wait("the window", lambda s: not s["present"]["on"])
    w.key("ctrl+z")
    w.wait("undo, of what the scene took away", lambda s: s["interventions"])


def tab_to(w, name):
    """Tab, as often as it takes."""
    for _ in range(80):
        s = w.wait("the window at rest", lambda s: s["settled"])
        if s["focus"] == name:
            return s
        before = s["focus_place"]
        w.key("Tab")
        w.wait("the next in the order", lambda s: s["focus_place"] != before)
    raise AssertionError(f"Tab does not come to {name}")


def test_claims_are_reached_by_tab_and_select_their_cells_by_return(w):
    playing(w, course("fixed-context-to-attention"))
    to_scene(w, 2)
    tab_to(w, "claim 3")
    w.picture("lesson-claim-focused")
    w.key("Return")
    s = w.wait("its cell", lambda s: s["selected"]["index"] == [1, 2])
    check(s["present"]["on"] and s["played"]["scene"] == 2, "Return does more")
    w.key("space")
    s = w.wait("the next scene", lambda s: judged(s, 3))
    check(s["present"]["on"], "Space presses what has the focus")
    w.key("Left")
    w.wait("the scene", lambda s: judged(s, 2))
    w.key("Escape")
    w.wait("the window, with the lesson's panel", lambda s: not s["present"]["on"] and "lesson claim 3" in s["places"])
    w.click(*w.cell(4, 4))
    w.wait("another cell", lambda s: s["selected"]["index"] == [4, 4])
    tab_to(w, "lesson claim 3")
    w.key("Return")
    w.wait("its cell, from the panel", lambda s: s["selected"]["index"] == [1, 2])


def test_a_row_is_guessed_before_it_is_seen(w):
    playing(w, course("fixed-context-to-attention"))
    s = to_scene(w, 3)
    check(s["played"]["covered"] and len(s["played"]["guess"]) == 8, "nothing is asked")
    x, y, width, height = s["places"]["guess 6"]
    w.click(x + width / 2, y + height / 2)
    s = w.wait("the bar", lambda s: abs(s["played"]["guess"][5] - 0.5) < 0.03)
    check(abs(sum(s["played"]["guess"]) - 1) < 1e-4, "the guess does not sum to 1")
    w.key("Down", "plus", "plus")
    s = w.wait("the next bar by keys", lambda s: s["played"]["guess"][6] > 0.15)
    check(abs(sum(s["played"]["guess"]) - 1) < 1e-4 and s["played"]["scene"] == 3, "keys of the guess do more")
    w.move(500, 500)
    check("hovered" not in s or not w.state()["hovered"]["tensor"], "the pointer tells of what is covered")
    w.picture("lesson-guess")
    w.click(*w.place("present reveal"))
    s = w.wait("the answer", lambda s: s["played"]["answer"])
    check(max(range(8), key=lambda i: s["played"]["answer"][i]) == 5, f"the answer is {s['played']['answer']}")
    w.picture("lesson-answer")
    guess = s["played"]["guess"]
    to_scene(w, 4)
    s = to_scene(w, 3)
    check(not s["played"]["covered"] and s["played"]["guess"] == guess, "going on and back lost the guess")
    w.key("a")
    s = w.wait("the question again", lambda s: s["played"]["covered"])
    check(max(s["played"]["guess"]) < 0.126 and not s["played"]["answer"], "the next class is told the answer")


def test_a_row_is_covered_in_the_window_too(w):
    w.key("ctrl+o")
    w.wait("the prompt", lambda s: s["prompt"] and s["typing"])
    give_path(w, course("fixed-context-to-attention"))
    w.wait("the lesson", lambda s: judged(s, 0))
    for scene in (1, 2, 3):
        w.click(*w.place("scene next"))
        s = w.resting("the next scene", lambda s: judged(s, scene))
    check(s["played"]["covered"] and "reveal row" in s["places"] and "heatmap" not in s["grids"], "the row is seen")
    w.picture("lesson-covered")
    w.click(*w.place("reveal row"))
    s = w.wait("the views", lambda s: not s["played"]["covered"] and "heatmap" in s["grids"])
    w.click(*reach(w, "ask again"))
    w.wait("the cover again", lambda s: s["played"]["covered"] and "heatmap" not in s["grids"])


def test_a_question_that_cannot_be_asked_is_passed_by_a_clicker(w):
    with open(course("fixed-context-to-attention"), encoding="utf-8") as file:
        lesson = json.load(file)
    asked = lesson["scenes"][3]
    asked["question"]["row"]["output"] = "beijng"
    lesson["scenes"] = [asked, lesson["scenes"][4]]
    path = os.path.join(tempfile.mkdtemp(), "own.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(lesson, file)
    s = playing(w, path)
    s = w.wait("the views, and why nothing is asked", lambda s: "heatmap" in s["grids"] and "beijng" in s["played"]["problem"])
    check(not s["played"]["asks"], "a row that is not there is asked for")
    s = w.resting("its page", lambda s: "present hints" in s["places"])
    for _ in range(s["present"]["pages"]):
        at = position(w.state())
        w.key("Next")
        s = w.wait("the next page", lambda s: position(s) != at)
    check(s["present"]["point"] == 1, "the lesson stays at what cannot be asked")


def test_a_lesson_is_chosen_walked_and_closed_in_its_panel(w):
    w.key("ctrl+l")
    w.wait("the panel", lambda s: "tab lesson" in s["places"])
    w.click(*reach(w, "play inside-a-transformer"))
    s = w.wait("the lesson", lambda s: judged(s, 0))
    check(s["exhibit"] == "self-attention", f"it opens {s['exhibit']}")
    for scene in (1, 2):
        w.click(*w.place("scene next"))
        s = w.wait("the next scene", lambda s: judged(s, scene))
    check(s["exhibit"] == "multi-head", f"the third scene is of {s['exhibit']}")
    w.picture("lesson-panel")
    w.click(*w.place("lesson claim 1"))
    w.wait("what it is about", lambda s: s["selected"]["index"] == [3, 0, 1])
    w.click(*w.place("close lesson"))
    s = w.wait("the exhibit's own lesson", lambda s: s["played"] is None)
    check(s["exhibit"] == "multi-head", "closing it took away what was shown")


def test_a_lesson_that_is_wrong_says_where_and_changes_nothing(w):
    folder = tempfile.mkdtemp()
    before = w.state()
    lesson = {"format": "saccade-lesson", "version": 1, "title": {"en": "One"},
              "scenes": [{"state": {"request": {"exhibit": "memorry"}}, "text": {"en": "Reading."}}]}
    for name, text, words in (
            ("comma.json", '{\n "format": "saccade-lesson"\n "version": 1}', ("comma.json", "line 2, column 28", "expected ','")),
            ("exhibit.json", json.dumps(lesson), ("exhibit.json", "scene 1", "memorry", "alignment"))):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        w.key("ctrl+o")
        w.wait("the prompt", lambda s: s["prompt"] and s["typing"])
        give_path(w, path)
        s = w.wait("what is wrong", lambda s: s["banner"] and name in str(s["banner"]))
        for word in words:
            check(word in str(s["banner"]), f"{name}: {s['banner']} does not say {word}")
        check(s["exhibit"] == before["exhibit"] and s["played"] is None and s["texts"] == before["texts"], f"{name} changed something")


def test_a_row_is_played_number_by_number(w):
    presenting(w)
    w.key("p")
    s = w.wait("the play", lambda s: s["slow"]["on"] and s["slow"]["playing"] and s["slow"]["at"] > 2)
    count = s["slow"]["count"]
    check(count % 3 == 0 and count > 6, f"there are {count} numbers")
    check_boxes(s, "slow")
    w.key("space")
    at = w.wait("a pause", lambda s: not s["slow"]["playing"])["slow"]["at"]
    w.key("Right", "Right", "Left")
    s = w.wait("the next number", lambda s: s["slow"]["at"] == float(int(at) + 1))
    check(s["present"]["point"] == 0, "an arrow turned the lesson, too")
    w.picture("slow")
    w.key("space")
    w.wait("all of it", lambda s: s["slow"]["at"] == count and not s["slow"]["playing"])
    w.picture("slow-end")
    w.key("Escape")
    s = w.wait("the views", lambda s: not s["slow"]["on"] and "heatmap" in s["places"])
    check(s["present"]["on"], "one Esc ended the play and Present")
    w.key("p")
    w.wait("the play", lambda s: s["slow"]["on"])
    w.key("Next")
    w.wait("the next point by a clicker", lambda s: s["present"]["point"] == 1)


def test_a_lesson_is_recorded_edited_saved_and_played_again(w):
    w.replace_source("2 June 1999")
    w.wait("the date", lambda s: answered(s) and s["texts"]["output"] == "1999-06-02")
    w.key("Escape")
    w.key("ctrl+l")
    w.click(*reach(w, "record first"))
    s = w.wait("a lesson", lambda s: s["played"] and s["played"]["editing"])
    check(s["played"]["scenes"] == 1 and s["played"]["unsaved"] and not s["played"]["changed"], f"it is {s['played']}")
    w.click(*w.place("scene text"))
    w.wait("the field", lambda s: s["typing"])
    w.key("ctrl+a")
    w.type("A date.")
    w.wait("the text", lambda s: s["played"]["text"] == "A date.")
    w.key("Escape")
    w.drag(*w.cell(4, 1), 0, -70)
    w.wait("a change", lambda s: answered(s) and s["interventions"] and s["played"]["changed"])
    w.click(*reach(w, "record"))
    s = w.wait("the second scene", lambda s: s["played"]["scenes"] == 2 and s["played"]["scene"] == 1)
    check(not s["played"]["changed"], "what was just recorded differs from what is shown")
    w.click(*reach(w, "earlier"))
    w.wait("another order", lambda s: s["played"]["scene"] == 0)
    w.click(*w.place("close lesson"))
    s = w.wait("a question", lambda s: s["closing_lesson"] and "keep lesson" in s["places"])
    check(s["played"] is not None, "it was lost without a word")
    w.picture("lesson-closing")
    w.click(*w.place("stay"))
    w.wait("the editor", lambda s: not s["closing_lesson"] and s["played"]["unsaved"] and "save lesson" in s["places"])
    path = os.path.join(tempfile.mkdtemp(), "mine.json")
    w.click(*w.place("save lesson"))
    s = w.wait("what is missing", lambda s: s["banner"] and "scene 1" in str(s["banner"]))
    check(not s["prompt"] and s["played"]["unsaved"], "a scene without a text is saved")
    w.click(*reach(w, "scene text"))
    w.wait("the field", lambda s: s["typing"])
    long = "By hand, and so long that it needs more than one line of its field: what is typed wraps."
    w.type(long)
    w.wait("the text, without the ends of its lines", lambda s: s["played"]["text"] == long)
    w.key("Return")
    w.type("Then a second line.")
    w.wait("a line of its own", lambda s: s["played"]["text"] == long + "\nThen a second line.")
    w.key("Home", "BackSpace")
    w.wait("one line again", lambda s: s["played"]["text"] == long + "Then a second line.")
    w.key("Return")
    long += "\nThen a second line."
    s = w.wait("two lines again", lambda s: s["played"]["text"] == long)
    check(s["typing"], "Return left the field")
    w.key("Escape")
    check(w.state()["places"]["scene text"][3] > 3 * 15, "the field is as high as a line")
    w.click(*w.place("save lesson"))
    w.wait("the prompt", lambda s: s["prompt"] and s["typing"])
    give_path(w, path)
    w.wait("the file", lambda s: not s["prompt"] and not s["played"]["unsaved"])
    w.picture("lesson-edited")
    with open(path, encoding="utf-8") as file:
        written = json.load(file)
    check(written["scenes"][1]["state"]["request"]["params"] == {"source": "2 June 1999"}, f"it wrote {written['scenes'][1]}")
    check(written["scenes"][0]["state"]["request"]["interventions"], "the change by hand is not in the file")
    written["scenes"][1]["claims"] = [{"claim": "text", "text": {"en": "it is June"}, "contains": "-06-"}]
    with open(path, "w", encoding="utf-8") as file:
        json.dump(written, file, ensure_ascii=False, indent=1)
    played = subprocess.run([w.program, "lesson", path], capture_output=True, text=True)
    check(played.returncode == 0 and "1 of 1 claims hold" in played.stdout, played.stdout + played.stderr)
    check("wraps.\n  Then a second line.\n" in played.stdout, "lines of a text do not stand below each other: " + played.stdout)
    playing(w, path)
    s = to_scene(w, 1)
    check(s["played"]["verdicts"] == ["held"] and not s["interventions"] and s["texts"]["output"] == "1999-06-02",
          f"the second scene is {s['played']}")


def test_a_scene_that_is_not_so_on_this_machine_does_not_stop_the_class(w):
    lesson = {"format": "saccade-lesson", "version": 1, "title": {"en": "Off"}, "scenes": [
        {"state": {"request": {"exhibit": "memory"}}, "text": {"en": "Asked about a row that is not there."},
         "question": {"text": {"en": "Where?"}, "tensor": "weights", "row": {"query": 9}},
         "claims": [{"claim": "sums_to_1", "text": {"en": "of no tensor"}, "tensor": "none"}]},
        {"state": {"request": {"exhibit": "memory", "params": {"read": "hard"}}, "compare": {"params": {"read": "soft"}}},
         "text": {"en": "Side by side."},
         "claims": [{"claim": "point", "point": 8}, {"claim": "point", "point": 8, "side": "b"}]}]}
    path = os.path.join(tempfile.mkdtemp(), "off.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(lesson, file)
    playing(w, path)
    s = w.wait("what is wrong", lambda s: judged(s, 0) and s["played"]["problem"] and "present note" in s["places"])
    check("no position 9" in s["played"]["problem"] and s["played"]["verdicts"] == ["not on this run"], f"{s['played']}")
    s = w.resting("the stage", lambda s: not s["played"]["asks"] and "heatmap" in s["grids"])
    w.key("Next")
    s = w.wait("the next scene", lambda s: judged(s, 1))
    check(s["played"]["verdicts"] == ["held", "not on this run"] and s["compare"]["on"], f"{s['played']}")
    w.key("Prior")
    w.wait("the one before", lambda s: judged(s, 0))


def test_the_lesson_of_an_exhibit_is_offered_where_it_is_open(w):
    w.key("ctrl+l")
    w.wait("the panel", lambda s: "play own" in s["places"])
    w.click(*reach(w, "play own"))
    s = w.wait("the lesson", lambda s: judged(s, 0))
    check(s["played"]["path"].endswith("alignment.json") and "play own" not in s["places"], f"it plays {s['played']['path']}")
    check(set(s["played"]["verdicts"]) == {"held"}, f"its claims are {s['played']['verdicts']}")


def test_claims_questions_and_lights_are_made_of_what_is_selected(w):
    w.key("ctrl+l")
    w.click(*reach(w, "record first"))
    w.wait("a lesson", lambda s: judged(s, 0) and s["played"]["editing"])
    w.click(*w.cell(3, 15))
    w.wait("a cell", lambda s: s["selected"]["index"] == [3, 15])
    w.click(*reach(w, "offer claim 2"))
    s = w.wait("a claim and its verdict", lambda s: s["played"]["verdicts"] == ["held"])
    check(s["played"]["document"]["scenes"][0]["claims"][0]["claim"] == "largest", f"it claims {s['played']['document']}")
    w.click(*w.cell(3, 0))
    w.wait("another cell", lambda s: s["selected"]["index"] == [3, 0])
    w.click(*reach(w, "offer claim 2"))
    s = w.wait("another claim, which is so, too", lambda s: s["played"]["verdicts"] == ["held", "held"])
    kinds = [one["claim"] for one in s["played"]["document"]["scenes"][0]["claims"]]
    check(kinds.count("largest") == 1, f"what is not the largest of its row is claimed to be: {kinds}")
    w.picture("lesson-claims")
    w.click(*reach(w, "remove claim 2"))
    w.wait("one claim", lambda s: s["played"]["verdicts"] == ["held"])
    w.key("ctrl+z")
    w.wait("both again, by the keys of undo", lambda s: s["played"]["verdicts"] == ["held", "held"])
    w.key("ctrl+shift+z")
    w.wait("one again", lambda s: s["played"]["verdicts"] == ["held"])
    w.click(*reach(w, "light"))
    w.wait("tokens", lambda s: "highlights" in s["played"]["document"]["scenes"][0])
    w.click(*reach(w, "lesson title"))
    w.wait("the field", lambda s: s["typing"])
    w.key("ctrl+a")
    w.type("Dates")
    w.wait("the title", lambda s: s["played"]["document"]["title"] == {"en": "Dates"})
    w.key("Escape")
    w.click(*reach(w, "offer question"))
    s = w.wait("a question", lambda s: "question" in s["played"]["document"]["scenes"][0])
    check(not s["played"]["covered"], "who writes the question does not see its row")
    w.click(*reach(w, "preview"))
    s = w.wait("the question in Present", lambda s: s["present"]["on"] and s["played"]["covered"])
    w.picture("lesson-preview")
    w.key("Next")
    w.wait("the answer", lambda s: s["played"]["answer"] and s["played"]["verdicts"] == ["held"])
    w.key("Escape")
    s = w.wait("the editor", lambda s: not s["present"]["on"] and s["played"]["editing"] and "heatmap" in s["grids"])
    w.click(*w.cell(5, 5))
    w.key("ctrl+z")
    s = w.resting("undo on the stage, which leaves the lesson alone", lambda s: answered(s))
    check("question" in s["played"]["document"]["scenes"][0], "undo on the stage took back what was written")
    w.picture("lesson-asks")
