"""Pictures in the window: opened, pasted, refused; scenes whose shapes are dragged; gates."""

import json
import os
import struct
import tempfile
import zlib

from driver import Window
from steps import answered, check, choose, from_palette, give_path
from xdnd import drop


def write_png(path, width, height):
    """A picture with a red square on grey."""
    rows = b"".join(b"\0" + b"".join(b"\xd0\x20\x20" if width // 4 < x < width // 2 and height // 4 < y < height // 2
                                     else b"\x80\x80\x80" for x in range(width)) for y in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def open_exhibit(w, exhibit):
    choose(w, exhibit)
    return w.wait("the picture", lambda s: answered(s) and s["exhibit"] == exhibit and "picture" in s["places"])


def open_file(w, path):
    w.click(*w.place("open image"))
    w.wait("the prompt", lambda s: s["prompt"] and s["typing"])
    give_path(w, path)


def in_picture(w, x, y):
    """A point of the first picture, by fractions of it."""
    left, top, width, height = w.state()["places"]["picture"]
    return left + width * x, top + height * y


def test_a_sample_is_opened(w):
    open_exhibit(w, "spatial")
    w.click(*w.place("samples"))
    w.wait("the menu", lambda s: "sample:cat" in s["places"])
    w.picture("samples")
    w.click(*w.place("sample:cat"))
    s = w.wait("the cat", lambda s: answered(s) and s["params"]["image"] == "sample:cat" and s["picture"]["title"])
    check(s["picture"]["size"][0] > 0, f"the caption says {s['picture']}")
    w.picture("spatial-cat")
    w.key("ctrl+z")
    w.wait("the sample before", lambda s: answered(s) and s["params"]["image"] != "sample:cat")


def test_a_shape_is_dragged_and_the_map_follows(w):
    s = open_exhibit(w, "spatial")
    before, undo = s["params"]["image"], s["undo"]
    w.drag(*in_picture(w, 0.5, 0.6), 60, -30)
    s = w.wait("a scene of its own", lambda s: answered(s) and s["params"]["image"].startswith("scene:"))
    check(s["undo"] == undo + 1, f"one drag made {s['undo'] - undo} undo entries")
    check(s["scene"]["shape"] >= 0, "the dragged shape is not selected")
    w.picture("shape-dragged")
    w.key("ctrl+z")
    w.wait("undo", lambda s: answered(s) and s["params"]["image"] == before)
    w.key("ctrl+shift+z")
    w.wait("redo", lambda s: answered(s) and s["params"]["image"].startswith("scene:"))


def test_a_digit_is_drawn_with_the_pen_and_read(w):
    s = open_exhibit(w, "glimpses")
    check(s["texts"]["output"].startswith("4"), f"the sample is read as {s['texts']['output']!r}")
    w.click(*w.place("scene maker"))
    w.wait("its bar", lambda s: s["scene"]["open"] and "pen" in s["places"])
    w.click(*w.place("pen"))
    w.click(*w.place("clear scene"))
    w.wait("an empty picture", lambda s: answered(s) and s["notes"] and "nothing is drawn" in s["notes"][0])
    undo = w.state()["undo"]
    left, top, width, height = w.state()["places"]["picture"]
    w.drag(left + width * 0.3, top + height * 0.2, width * 0.4, 0)
    w.wait("the first stroke", lambda s: answered(s) and s["params"]["image"].count('"stroke"') == 1 and not s["scene"]["held"])
    w.drag(left + width * 0.7, top + height * 0.2, -width * 0.25, height * 0.6)
    s = w.wait("a seven", lambda s: answered(s) and s["params"]["image"].count('"stroke"') == 2 and s["texts"]["output"].startswith("7"))
    check(s["undo"] == undo + 2, f"two strokes made {s['undo'] - undo} undo entries")
    w.picture("digit-drawn")
    w.key("ctrl+z")
    w.wait("one stroke", lambda s: answered(s) and s["params"]["image"].count('"stroke"') == 1)


def test_a_dragged_fixation_moves_all_later_ones(w):
    s = open_exhibit(w, "glimpses")
    undo = s["undo"]
    x, y = w.place("place 1")  # the first lies apart from the others
    later = w.state()["places"]["place 4"]
    w.drag(x, y, -70, 60)
    s = w.wait("where it was put", lambda s: answered(s) and len(s["interventions"]) == 2 and s["undo"] == undo + 1)
    check(all(i.startswith("glimpse.fixation[0,") for i in s["interventions"]), f"it changed {s['interventions']}")
    check(s["selected"] == {"tensor": "glimpse.fixation", "index": [0, -1]}, f"selected is {s['selected']}")
    s = w.resting("the places", lambda s: "place 4" in s["places"])
    check(s["places"]["place 4"] != later, "a later fixation stays where it was")
    w.picture("fixation-dragged")
    w.key("ctrl+z")
    w.wait("undo", lambda s: answered(s) and s["interventions"] == [])


def test_a_click_selects_the_cell_and_the_shape_and_changes_nothing(w):
    before = open_exhibit(w, "spatial")["params"]["image"]
    w.click(*in_picture(w, 0.5, 0.6))
    s = w.wait("both", lambda s: s["scene"]["shape"] >= 0 and len(s["selected"]["index"]) >= 2)
    check(s["explained"][-1] == s["selected"], "the inspector explains another cell")
    check(s["params"]["image"] == before, "a click moved the shape")
    w.xdotool("click", 4)
    s = w.wait("a larger one by the wheel", lambda s: answered(s) and s["params"]["image"].startswith("scene:"))
    check(s["scene"]["shape"] >= 0, "the wheel lost the shape")
    w.key("ctrl+z")
    w.wait("undo", lambda s: answered(s) and s["params"]["image"] == before)
    w.click(*in_picture(w, 0.05, 0.05))
    w.wait("no shape there", lambda s: s["scene"]["shape"] == -1)


def test_a_scene_is_made_by_hand(w):
    open_exhibit(w, "spatial")
    w.click(*w.place("scene maker"))
    w.wait("its bar", lambda s: s["scene"]["open"] and "add shape" in s["places"])
    w.click(*w.place("add shape"))
    w.click(*w.place("add shape=star"))
    s = w.wait("a star", lambda s: answered(s) and '"star"' in s["params"]["image"] and "delete shape" in s["places"])
    star = s["scene"]["shape"]
    w.click(*w.place("shape color"))
    w.click(*w.place("color=green"))
    s = w.wait("a green star", lambda s: answered(s) and s["params"]["image"].rfind('"green"') > 0)
    x, y, width, height = w.place("scene size") + tuple(s["places"]["scene size"][2:])
    w.drag(x, y, width / 4, 0)
    w.wait("a larger one", lambda s: answered(s) and s["scene"]["shape"] == star and '"size"' in s["params"]["image"])
    w.picture("scene-maker")
    w.key("alt+Left")
    w.key("Delete")
    w.wait("it is gone", lambda s: answered(s) and s["scene"]["shape"] == -1 and '"star"' not in s["params"]["image"])
    w.key("ctrl+z")
    w.wait("it is back", lambda s: answered(s) and '"star"' in s["params"]["image"])
    w.click(*w.place("random scene"))
    w.wait("another scene", lambda s: answered(s) and '"green"' not in s["params"]["image"][-80:])
    path = os.path.join(tempfile.mkdtemp(), "scene.png")
    w.click(*w.place("save scene"))
    w.wait("the prompt", lambda s: s["prompt"] and s["typing"])
    give_path(w, path)
    w.wait("the file", lambda s: not s["prompt"] and os.path.exists(path))


def test_a_gate_is_dragged(w):
    choose(w, "channel")
    s = w.wait("the gates", lambda s: answered(s) and s["exhibit"] == "channel" and "bars" in s["places"])
    undo = s["undo"]
    x, y, width, height = s["places"]["bars"]
    w.drag(x + width * 0.02, y + height * 0.5, 0, height)
    s = w.wait("an intervention", lambda s: answered(s) and len(s["interventions"]) == 1
               and s["interventions"][0].endswith("]=0"))
    check(".gate[" in s["interventions"][0], s["interventions"][0])
    check(s["intervention_names"][0].startswith("gate "), s["intervention_names"][0])
    check(s["undo"] == undo + 1, f"one drag made {s['undo'] - undo} undo entries")
    w.wait("the class probabilities", lambda s: "effect" in s["places"] and "class 0" in s["places"])
    w.picture("gate-dragged")
    w.key("ctrl+z")
    w.wait("undo", lambda s: answered(s) and s["interventions"] == [])


def test_what_is_no_picture_is_one_line_and_the_picture_stays(w):
    before = open_exhibit(w, "spatial")["params"]["image"]
    path = os.path.join(tempfile.mkdtemp(), "text.png")
    with open(path, "w", encoding="utf-8") as file:
        file.write("this is no picture\n")
    open_file(w, path)
    s = w.wait("the banner", lambda s: s["banner"])
    check("\n" not in s["banner"] and path in s["banner"], f"the banner says {s['banner']!r}")
    check(s["params"]["image"] == before and answered(s), "the picture before is gone")
    w.picture("no-picture")
    good = path.replace("text", "good")
    write_png(good, 90, 60)
    open_file(w, good)
    s = w.wait("a picture", lambda s: answered(s) and s["params"]["image"] == good and s["picture"]["size"] == [90, 60])
    check(s["banner"] is None, f"the banner still says {s['banner']!r}")
    w.drag(*in_picture(w, 0.4, 0.4), 40, 0)
    check(w.state()["params"]["image"] == good, "a photograph was dragged")
    w.picture("photograph")


def test_a_picture_opens_an_exhibit_that_takes_it(w):
    path = os.path.join(tempfile.mkdtemp(), "a picture.png")
    write_png(path, 64, 48)
    w.key("ctrl+k")
    w.wait("the palette", lambda s: s["palette"] and s["typing"])
    w.type("file://" + path.replace(" ", "%20"))
    for keys in ("ctrl+a", "ctrl+x", "Escape"):
        w.key(keys)
    w.wait("no palette", lambda s: not s["palette"] and not s["typing"])
    w.key("ctrl+v")
    s = w.wait("spatial with it", lambda s: answered(s) and s["exhibit"] == "spatial" and s["params"]["image"] == path)
    check(s["picture"]["size"] == [64, 48], f"the caption says {s['picture']}")


def test_a_photograph_has_no_shapes_to_drag(w):
    path = os.path.join(tempfile.mkdtemp(), "photo.png")
    write_png(path, 90, 60)
    hint = "drag a shape"

    def hints(s):
        return [text for text in s["drawn"]["all"] if hint in text]

    with Window(w.program, w.artifacts, path, tells_texts=True) as photo:
        s = photo.resting("the photograph", lambda s: answered(s) and s["params"].get("image") == path and "picture" in s["places"])
        check(not hints(s), f"over a photograph: {hints(s)}")
        photo.picture("photo-hint")
        from_palette(photo, "scene maker")
        s = photo.resting("a scene", lambda s: answered(s) and s["params"]["image"] != path and hints(s))


def test_a_file_is_dropped(w):
    open_exhibit(w, "spatial")
    folder = tempfile.mkdtemp()
    path, wrong = os.path.join(folder, "ein Bild.png"), os.path.join(folder, "notes.png")
    write_png(path, 64, 48)
    drop(int(w.id), [path], *in_picture(w, 0.5, 0.5))
    s = w.wait("the file", lambda s: answered(s) and s["params"]["image"] == path)
    check(s["picture"]["size"] == [64, 48], f"the caption says {s['picture']}")
    with open(wrong, "w", encoding="utf-8") as file:
        file.write("not a picture")
    drop(int(w.id), [wrong], *in_picture(w, 0.5, 0.5))
    s = w.wait("the banner", lambda s: s["banner"])
    check("notes.png" in s["banner"] and s["params"]["image"] == path, f"the window shows {s['banner']}, {s['params']['image']}")


def write_npy(path, shape, values):
    """float32, as NumPy writes it."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack(f"<{len(values)}f", *values))


def test_arrays_that_are_dropped_are_shown_as_captures(w):
    folder = tempfile.mkdtemp()
    path, table, wrong = (os.path.join(folder, name) for name in ("heads.npy", "table.npy", "wrong.npy"))
    write_npy(path, (2, 3, 3), [0.5, 0.25, 0.25] * 6)
    write_npy(table, (2, 4), [1, 2, 3, 4, 5, 6, 7, 8])
    with open(wrong, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00")
    drop(int(w.id), [path], 700, 500)
    s = w.wait("the capture", lambda s: answered(s) and s["exhibit"] == "capture" and s["params"]["path"] == path)
    check(s["selected"]["tensor"] == "weights", f"the window opens on {s['selected']}")
    w.picture("capture")
    # What a menu offers stands in the field, and the tokens on the axes.
    w.click(*w.place("tokens"))
    w.type("new york is")
    w.wait("the tokens", lambda s: answered(s) and s["params"]["tokens"] == "new york is")
    w.key("Escape")
    w.click(*w.place("offer axes"))
    w.place("axes=head, query, key")
    w.picture("capture-axes")  # by then the menu has found its place beside the edge
    w.click(*w.place("axes=head, query, key"))
    w.wait("the axes", lambda s: answered(s) and s["params"]["axes"] == "head, query, key")
    # A damaged one says so, and nothing is lost.
    drop(int(w.id), [wrong], 700, 500)
    s = w.wait("the banner", lambda s: wrong in str(s["banner"]))
    check("ends within its header" in s["banner"] and s["params"]["path"] == path, f"the window shows {s['banner']}, {s['params']['path']}")
    # Where there is a matrix to be filled, an array fills it.
    choose(w, "key-value")
    w.wait("the memory", lambda s: answered(s) and s["exhibit"] == "memory")
    drop(int(w.id), [table], 700, 500)
    s = w.wait("the matrix", lambda s: answered(s) and table in str(s["banner"]))
    check(s["exhibit"] == "memory", f"the array went to {s['exhibit']}")


def write_long_capture(path, n=2400):
    """A float16 map of n positions with a diagonal and an oblique line, and tokens of which every hundredth is a comma."""
    one, rows = b"\x00\x3c", bytearray(n * n * 2)
    for i in range(n):
        for j in (i, (i * 3) % n):
            rows[(i * n + j) * 2 : (i * n + j) * 2 + 2] = one
    header = f"{{'descr': '<f2', 'fortran_order': False, 'shape': ({n}, {n}), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + rows)
    with open(path + ".json", "w", encoding="utf-8") as file:
        labels = ["comma" if i % 100 == 99 else f"word{i + 1}" for i in range(n)]
        json.dump({"axes": [{"name": "token", "kind": "query", "labels": labels}, {"name": "token.key", "kind": "key", "labels": labels}],
                   "tensors": [{"name": "", "role": "weights", "axes": ["token", "token.key"]}]}, file)


def part_of(s):
    """{"query": [first, last], ...} as the part parameter has them."""
    return {kind: [int(n) for n in numbers.split("-")]
            for kind, numbers in (one.split(" ") for one in s["params"].get("part", "").split(", ") if one)}


def test_a_long_map_is_zoomed_and_moved(w):
    path = os.path.join(tempfile.mkdtemp(), "long.npy")
    write_long_capture(path)
    drop(int(w.id), [path], 700, 500)
    s = w.wait("the capture", lambda s: answered(s) and s["params"].get("path") == path and "heatmap" in s["places"])
    check("whole map" in s["places"] and "show all" not in s["places"], "all is shown: its picture stands there, and nothing more can be")
    w.picture("long-map")
    undo, box = s["undo"], s["places"]["heatmap"]
    w.move(box[0] + box[2] * 0.5, box[1] + box[3] * 0.25)
    for _ in range(8):
        w.xdotool("click", 4)
    # 2400 · 0.8⁸ positions, once all notches have come.
    s = w.wait("a part", lambda s: answered(s) and not s["running"] and 390 < part_of(s)["query"][1] - part_of(s)["query"][0] < 410)
    query, key = part_of(s)["query"], part_of(s)["key"]
    check("whole map" in s["places"] and abs((query[0] + (query[1] - query[0]) / 4) - 600) < 30, f"the wheel zoomed to {query}")
    check(key[1] - key[0] == query[1] - query[0] and abs(sum(key) / 2 - 1200) < 40, f"the wheel zoomed to {key}")
    check(undo < s["undo"] < undo + 8, f"a gesture of eight notches made {s['undo'] - undo} undo entries")  # within a second: one
    undo = s["undo"]
    w.picture("long-map-part")
    # The map follows the hand; a click alone selects.
    box = s["places"]["heatmap"]
    w.drag(box[0] + box[2] * 0.5, box[1] + box[3] * 0.5, -box[2] * 0.25, 0)
    s = w.wait("the map moved", lambda s: answered(s) and not s["running"] and part_of(s).get("key", key) != key)
    check(part_of(s)["key"][0] > key[0] and part_of(s)["query"] == query, f"from {key} the hand moved it to {part_of(s)}")
    check(s["undo"] == undo + 1, f"a drag made {s['undo'] - undo} undo entries")
    # So does the rectangle on the picture of the whole.
    left, top, across, down = s["places"]["whole map"]
    w.drag(left + across * sum(part_of(s)["key"]) / 4800, top + down * sum(query) / 4800, 0, down * 0.4)
    s = w.wait("the rectangle moved", lambda s: answered(s) and not s["running"] and part_of(s).get("query", query) != query)
    check(abs(part_of(s)["query"][0] - query[0] - 960) < 60, f"from {query} the rectangle was moved to {part_of(s)['query']}")
    w.picture("long-map-moved")
    w.key("ctrl+z")
    w.wait("undo", lambda s: answered(s) and part_of(s)["query"] == query)
    w.key("Home")
    s = w.wait("all", lambda s: answered(s) and not s["running"] and not part_of(s) and "show all" not in s["places"])
    # A token that is found is brought into view.
    w.key("ctrl+f")
    w.wait("the field", lambda s: s["search"]["open"] and s["typing"])
    w.type("comma")
    s = w.wait("the first", lambda s: answered(s) and not s["running"] and s["search"]["said"] == "1 of 24" and part_of(s))
    check(part_of(s)["query"][0] <= 100 <= part_of(s)["query"][1], f"it went to {part_of(s)}")
    w.key("Return")
    w.wait("the second", lambda s: answered(s) and s["search"]["said"] == "2 of 24" and s["typing"])
    w.key("Return")
    s = w.wait("the third", lambda s: answered(s) and not s["running"] and s["search"]["said"] == "3 of 24" and s["selected"]["tensor"])
    query = part_of(s)["query"]
    check(query[0] + s["selected"]["index"][0] == 300, f"selected is {s['selected']} of {query}")
    w.picture("token-found")
    w.click(*w.place("find columns"))
    w.wait("in columns", lambda s: answered(s) and not s["running"] and s["search"]["said"] == "1 of 24" and s["selected"]["index"][1:] == [99])
    w.key("Escape")
    w.wait("no field", lambda s: not s["search"]["open"])
    w.resize(800, 600)
    w.key("ctrl+t")
    w.click(*w.place("show all"))
    w.wait("all again", lambda s: answered(s) and not part_of(s))
    w.picture("long-map-light-800x600")


def test_a_model_folder_that_is_dropped_is_run(w):
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "checkpoint_bert")
    folder = os.path.normpath(folder)
    drop(int(w.id), [folder], 700, 500)
    # It has no tokenizer, so that ids stand in the field at first.
    w.wait("the model", lambda s: answered(s) and s["exhibit"] == "checkpoint" and s["params"]["path"] == folder
           and s["params"]["text"] == "1 2 3 4 5 6 7 8")
    w.click(*w.place("text"))
    w.key("ctrl+a")
    w.type("2 7 8 3 9 10 3")
    s = w.wait("its attention", lambda s: answered(s) and s["params"]["text"] == "2 7 8 3 9 10 3")
    check(s["selected"]["tensor"] == "self.weights", f"the window opens on {s['selected']}")
    w.key("Escape")
    w.picture("model-folder")
    # A folder that is no model says so, and the one before stays.
    empty = tempfile.mkdtemp()
    drop(int(w.id), [empty], 700, 500)
    s = w.wait("the banner", lambda s: "config.json" in str(s["banner"]))
    check(s["exhibit"] == "checkpoint" and s["params"]["path"] == folder, f"the window shows {s['exhibit']} of {s['params']['path']}")


def test_a_model_of_pictures_that_is_dropped_is_run(w):
    folder = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "vision_vit"))
    drop(int(w.id), [folder], 700, 500)
    s = w.wait("the model", lambda s: answered(s) and s["exhibit"] == "vision-checkpoint" and s["params"]["path"] == folder)
    check(s["selected"]["tensor"] == "self.weights", f"the window opens on {s['selected']}")
    w.picture("vision-folder")


def test_a_network_that_is_dropped_shows_its_gates_and_one_is_dragged(w):
    folder = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "timm_seresnet50"))
    drop(int(w.id), [folder], 700, 500)
    s = w.wait("the network", lambda s: answered(s) and s["params"]["path"] == folder and "bars" in s["places"])
    check(s["exhibit"] == "vision-checkpoint" and "gate 5 of 5" in str(s["texts"]), f"the window shows {s['exhibit']}: {s['texts']}")
    x, y, width, height = s["places"]["bars"]
    w.drag(x + width / 64, y + height - 2, 0, -20)
    s = w.wait("the change", lambda s: answered(s) and len(s["interventions"]) == 1)
    check(s["interventions"][0].startswith("stage4.block1.gate["), s["interventions"][0])
    w.picture("network-folder")


def test_the_picture_stays_usable_in_small_windows(w):
    open_exhibit(w, "spatial")
    w.click(*w.place("scene maker"))
    for width, height in ((1280, 800), (1000, 700), (800, 600)):
        w.resize(width, height)
        left, top, across, down = w.wait("the picture", lambda s: "picture" in s["places"])["places"]["picture"]
        check(across > 60 and left + across <= width and top + down <= height,
              f"at {width} x {height} the picture stands at {left}, {top}, {across} x {down}")
        w.picture(f"spatial-{width}x{height}")
    w.key("ctrl+t")
    w.picture("spatial-light-800x600")


def test_settings_beyond_the_first_are_folded(w):
    choose(w, "transformer")
    s = w.wait("the exhibit", lambda s: s["exhibit"] == "transformer" and "more settings" in s["places"])
    check("gradients" not in s["places"], "gradients stand in sight")
    w.click(*w.place("more settings"))
    w.wait("all of them", lambda s: "gradients" in s["places"])
