"""Words in pictures: points, handles and corners that are dragged, and the way into a photograph and out of it."""

import os
import tempfile

from picture_tests import write_png
from steps import answered, check, choose, give_path


def open_reading(w):
    choose(w, "reading")
    return w.wait("the exhibit", lambda s: answered(s) and s["exhibit"] == "reading" and "control_points 5" in s["places"])


def test_a_control_point_follows_the_mouse_and_the_reading_follows_it(w):
    before = open_reading(w)
    w.picture("reading")
    x, y = w.place("control_points 5")
    w.drag(x, y, 0, 30)
    w.wait("the change", lambda s: answered(s) and s["interventions"])
    s = w.resting("the point", lambda s: "control_points 5" in s["places"])
    check(s["places"]["control_points 5"][1] > before["places"]["control_points 5"][1] + 15, "the point stays where it was")
    w.picture("reading-point")
    w.key("ctrl+z")
    w.wait("the model's own", lambda s: answered(s) and not s["interventions"])


def test_a_handle_on_the_word_sets_its_curve(w):
    open_reading(w)
    bend = w.state()["params"].get("bend", 110)
    x, y = w.place("word.handles 1")
    w.drag(x, y, 0, 25)
    s = w.wait("another curve", lambda s: answered(s) and s["params"].get("bend", bend) < bend - 5)
    check(not s["interventions"], "a setting is taken for a change by hand")
    w.key("ctrl+z")
    w.wait("the curve as it was", lambda s: answered(s) and s["params"].get("bend", bend) == bend)


def test_a_photograph_is_read_within_its_corners_and_left_again(w):
    open_reading(w)
    path = os.path.join(tempfile.mkdtemp(), "sign.png")
    write_png(path, 300, 200)
    w.click(*w.place("open image"))
    w.wait("the prompt", lambda s: s["prompt"] and s["typing"])
    give_path(w, path)
    s = w.wait("the photograph", lambda s: answered(s) and s["params"]["image"] == path and "photo.corners 3" in s["places"])
    w.picture("reading-photograph")
    x, y = w.place("photo.corners 3")
    w.drag(x, y, -40, -30)
    w.wait("the corner", lambda s: answered(s) and s["params"].get("corners", "").startswith("0 0; 1 0; 0."))
    check("word.handles 1" not in s["places"], "there are handles of a word that is not drawn")
    w.click(*w.place("no image"))
    w.wait("the word", lambda s: answered(s) and s["params"]["image"] == "" and "word.handles 1" in s["places"])
