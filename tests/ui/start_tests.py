"""The first start: its scene, the tour of the window, and all exhibits as pictures."""

import os
import tempfile

from driver import Window, usual_config
from steps import answered, check, from_palette


def first_start(w, **settings):
    """A window of somebody who has never started the program."""
    return Window(w.program, w.artifacts, config=tempfile.mkdtemp(), **settings)


def toured(step):
    return lambda s: s["tour"]["step"] == step and s["tour"]["on_screen"] and "tour" in s["places"]


def check_card(s, where):
    """The card is whole on the screen, and lies over nothing of what it points at."""
    x, y, w, h = s["places"]["tour"]
    fx, fy, fw, fh = s["places"]["tour frame"]
    width, height = s["places"]["(window)"][2:]
    check(x >= 0 and y >= 0 and x + w <= width + 1 and y + h <= height + 1, f"{where}: the card is at {x, y, w, h}")
    check(fw > 4 and fh > 4 and fx + fw > 0 and fy + fh > 0 and fx < width and fy < height, f"{where}: it points at {fx, fy, fw, fh}")
    apart = x >= fx + fw - 1 or fx >= x + w - 1 or y >= fy + fh - 1 or fy >= y + h - 1
    check(apart or fw * fh > 0.4 * width * height, f"{where}: the card {x, y, w, h} lies over what it points at, {fx, fy, fw, fh}")


def test_the_first_start_shows_a_scene_and_the_next_does_not(w):
    w.close()
    with first_start(w) as first:
        s = first.wait("the first scene", lambda s: answered(s) and s["tour"]["first_scene"] and "take the tour" in s["places"])
        check(s["exhibit"] == "alignment" and s["selected"]["tensor"] == "weights", "no row of an alignment is looked at")
        check(s["played"]["path"].endswith("first-look.json") and not s["played"]["problem"], "it is no scene of a lesson")
        check(not s["lesson"]["shown"] and not s["drawer"], "the lesson's panel is open, too")
        first.picture("first-start")
        first.click(*first.place("close first scene"))
        s = first.wait("the band to go", lambda s: not s["tour"]["first_scene"] and s["played"] is None)
        check(s["params"]["source"] and s["exhibit"] == "alignment", "what is shown did not stay")
        config = first.config
    check(os.path.exists(os.path.join(config, "saccade", "preferences.json")), "a first start is not remembered")
    with Window(w.program, w.artifacts, config=config) as again:
        s = again.wait("the usual start", lambda s: answered(s) and s["texts"])
        check(s["played"] is None and not s["tour"]["first_scene"] and s["tour"]["step"] == 0, "the second start is a first one")
    with first_start(w) as asked:
        asked.wait("a scene", lambda s: s["tour"]["first_scene"])
        from_palette(asked, "go to transformer")
        s = asked.wait("another exhibit", lambda s: s["exhibit"] == "transformer" and answered(s))
        check(s["played"] is None and not s["tour"]["first_scene"], "the first scene follows to another exhibit")


def test_the_tour_goes_on_by_doing_what_it_says(w):
    w.close()
    with first_start(w) as first:
        first.wait("the first scene", lambda s: answered(s) and s["tour"]["first_scene"])
        first.click(*first.place("take the tour"))
        s = first.wait("its first step", lambda s: toured(1)(s) and s["settled"])
        check_card(s, "step 1")
        first.click(*first.place("source"))
        first.wait("the field to have the keyboard", lambda s: s["typing"])
        first.key("BackSpace")  # of "。": a sentence of Chinese comes from an input method
        s = first.wait("the second step", lambda s: toured(2)(s) and s["settled"])
        check_card(s, "step 2")
        first.click(*first.cell(0, 1))
        s = first.wait("the third step", lambda s: toured(3)(s) and s["settled"])
        check(s["selected"]["index"] == [0, 1], f"the click on the map selected {s['selected']}")
        first.drag(*first.cell(0, 1), 0, -60)
        s = first.wait("the fourth step", lambda s: toured(4)(s) and s["settled"])
        check(len(s["interventions"]) == 1, "the drag changed nothing")
        first.picture("tour-4")
        first.click(*first.place("exhibit self-attention"))
        first.wait("the last step", lambda s: toured(5)(s) and s["exhibit"] == "self-attention" and s["settled"])
        first.click(*first.place("open desk"))
        s = first.wait("the desk, and the tour's end", lambda s: s["export"] and s["tour"]["step"] == 0)
        check(s["tour"]["seen"], "it is not remembered as seen")


def test_the_tour_goes_on_by_keys_is_left_by_escape_and_survives_what_happens(w):
    s = w.state()
    check(s["tour"]["step"] == 0, "a later start takes the tour")
    from_palette(w, "take the tour")
    w.wait("its first step", toured(1))
    step = s["step"]
    w.key("space")
    w.wait("the second step", toured(2))
    w.key("Right")
    w.wait("the third step", toured(3))
    w.key("Left")
    s = w.wait("the second again", toured(2))
    check(s["step"] == step and not s["playing"], "its keys reach the stage, too")
    for width, height in ((800, 600), (1024, 768), (1600, 1000)):
        w.resize(width, height)
        for number in (1, 2, 3, 4, 5):
            at = w.state()["tour"]["step"]
            while at != number:
                w.key("Right" if at < number else "Left")
                at += 1 if at < number else -1
                w.wait("another step", toured(at))
            s = w.wait("the step at rest", lambda s: toured(number)(s) and s["settled"])
            check_card(s, f"step {number} at {width} x {height}")
            w.picture(f"tour-{number}-{width}")
    w.key("ctrl+t")
    w.wait("the light theme", lambda s: s["theme"] == "light" and toured(5)(s))
    w.key("ctrl+k")
    w.wait("the palette, over the tour", lambda s: s["palette"] and not s["tour"]["on_screen"])
    w.key("Escape")
    w.wait("the tour again", lambda s: toured(5)(s) and not s["palette"])
    w.key("Escape")
    s = w.wait("its end", lambda s: s["tour"]["step"] == 0)
    check(s["tour"]["seen"], "it is not remembered as seen")
    w.key("space")
    w.wait("the stage's own key", lambda s: s["playing"])
    with Window(w.program, w.artifacts, config=w.config) as again:
        check(again.wait("a start", lambda s: answered(s))["tour"]["seen"], "the next start has forgotten it")


def test_exhibits_are_chosen_by_their_pictures(w):
    w.close()
    cache = tempfile.mkdtemp()
    with Window(w.program, w.artifacts, config=usual_config(), environment={"XDG_CACHE_HOME": cache}) as first:
        first.click(*first.place("exhibits as pictures"))
        first.wait("the page", lambda s: s["exhibit_page"]["open"] and s["typing"])
        first.wait("the first pictures", lambda s: {"alignment", "memory"} <= set(s["exhibit_page"]["drawn"]))
        first.picture("exhibits")
        first.key("Right", "Down", "Up", "Left")
        first.wait("the first again", lambda s: s["exhibit_page"]["at"] == 0)
        first.type("self")
        s = first.wait("what is found", lambda s: s["exhibit_page"]["query"] == "self" and s["settled"])
        check("picture self-attention" in s["places"] and "picture glimpses" not in s["places"], "it is not found by its name")
        first.key("Return")
        first.wait("the exhibit", lambda s: s["exhibit"] == "self-attention" and not s["exhibit_page"]["open"])
        first.key("ctrl+g")
        first.wait("the page", lambda s: s["exhibit_page"]["open"])
        first.click(*first.place("picture memory"))
        first.wait("the exhibit", lambda s: s["exhibit"] == "memory" and not s["exhibit_page"]["open"])
        first.key("ctrl+g")
        first.wait("the page", lambda s: s["exhibit_page"]["open"])
        first.key("Escape")
        first.wait("the exhibit as it was", lambda s: s["exhibit"] == "memory" and not s["exhibit_page"]["open"])
    kept = os.listdir(os.path.join(cache, "saccade", "exhibits"))
    check(any(name.startswith("alignment.dark.en.") for name in kept), f"the cache holds {kept}")
