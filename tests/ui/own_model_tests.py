"""Models of a person's own: the folder, the tokens of the text, and what the window offers for such a model."""

import json
import os
import shutil
import tempfile

from driver import Window
from picture_tests import write_long_capture
from steps import answered, check, choose, reach, write_figure
from xdnd import drop

GOLDEN = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] the cat sat on mat because it was tired dog . a hungry".split()


def bert_with_words():
    """The small BERT of the golden values, with a vocabulary, so that a text can be typed."""
    folder = os.path.join(tempfile.mkdtemp(), "bert")
    shutil.copytree(os.path.join(GOLDEN, "checkpoint_bert"), folder)
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        rows = json.load(file)["vocab_size"]
    with open(os.path.join(folder, "vocab.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join(WORDS + [f"word{i}" for i in range(rows - len(WORDS))]) + "\n")
    return folder


def damaged(name):
    folder = os.path.join(tempfile.mkdtemp(), name)
    shutil.copytree(os.path.join(GOLDEN, name), folder)
    weights = os.path.join(folder, "model.safetensors")
    os.truncate(weights, os.path.getsize(weights) // 2)
    return folder


def open_own_model(w):
    choose(w, "your model")
    return w.wait("the model", lambda s: answered(s) and not s["running"] and s["exhibit"] == "checkpoint" and "token 3" in s["places"])


def open_bert(w):
    folder = bert_with_words()
    drop(int(w.id), [folder], 700, 500)
    w.wait("the model", lambda s: answered(s) and s["exhibit"] == "checkpoint" and s["params"]["path"] == folder)
    w.click(*w.place("text"))
    w.key("ctrl+a")
    w.type("the cat sat on the mat")
    w.wait("its tokens", lambda s: answered(s) and not s["running"] and s["params"]["text"] == "the cat sat on the mat" and "token 8" in s["places"])
    w.key("Escape")
    return folder


def test_a_click_on_a_token_selects_its_row_and_reads_it_out(w):
    open_own_model(w)
    before = w.state()["selected"]["index"]
    w.click(*w.place("token 3"))
    s = w.wait("its row", lambda s: answered(s) and s["selected"]["index"][2] == 2 and s["params"]["position"] == 3)
    check(s["selected"]["tensor"] == "self.weights" and s["selected"]["index"][:2] == before[:2], f"selected is {s['selected']}")
    check(s["params"]["mask"] is False, "a model that writes on has nothing to mask")
    w.move(*w.place("token 5"))
    w.wait("its row lit", lambda s: s["hovered"]["tensor"] == "self.weights" and s["hovered"]["index"][2] == 4)
    w.picture("tokens")


def test_a_click_masks_a_word_for_a_model_that_fills_gaps(w):
    open_bert(w)
    undo = w.state()["undo"]
    w.click(*w.place("token 3"))
    s = w.wait("it is masked", lambda s: answered(s) and not s["running"] and s["params"]["mask"] is True and s["params"]["position"] == 3)
    check(s["selected"]["index"][2] == 2 and s["undo"] == undo + 1, f"selected is {s['selected']}, {s['undo'] - undo} undo entries")
    w.picture("masked-token")
    w.click(*w.place("token 5"))
    w.wait("another is", lambda s: answered(s) and not s["running"] and s["params"]["mask"] is True and s["params"]["position"] == 5)
    w.click(*w.place("token 5"))
    w.wait("none is", lambda s: answered(s) and not s["running"] and s["params"]["mask"] is False and s["params"]["position"] == 5)
    w.click(*w.place("token 3"))
    w.wait("it is masked", lambda s: answered(s) and not s["running"] and s["params"]["mask"] is True)
    w.click(*w.place("token 1"))  # [CLS] is no word
    w.wait("only looked at", lambda s: answered(s) and not s["running"] and s["params"]["mask"] is False and s["selected"]["index"][2] == 0)


def test_long_texts_turn_under_their_row(w):
    open_own_model(w)
    text = "the man who came in said that he did not know what to do with all of these old books in the house"
    w.click(*w.place("text"))
    w.key("ctrl+a")
    w.type(text)
    s = w.wait("more tokens than fit", lambda s: answered(s) and not s["running"] and "tokens after" in s["places"])
    check("tokens before" not in s["places"], "the row does not begin at its first token")
    w.click(*w.place("tokens after"))
    s = w.wait("the end", lambda s: "tokens before" in s["places"] and "token 2" not in s["places"])
    w.picture("tokens-turned")
    w.click(*w.place("tokens before"))
    w.wait("the beginning", lambda s: "token 1" in s["places"])


def test_a_path_is_opened_by_enter_and_a_damaged_folder_takes_no_place(w):
    open_own_model(w)
    good, bad = os.path.join(GOLDEN, "checkpoint_gpt2"), damaged("checkpoint_bert")
    texts = w.state()["texts"]

    def typed(path):
        w.click(*w.place("path"))
        w.wait("the field", lambda s: s["typing"])
        w.key("ctrl+a")
        w.type(path)
        return w.wait("all of it", lambda s: s["typed_path"]["text"] == path)

    s = typed(bad)
    check(s["params"].get("path", "") == "" and s["problem"] is None and s["texts"] == texts, "a path was opened while it was typed")
    w.key("Return")
    s = w.wait("what is wrong with it", lambda s: bad in str(s["banner"]) and s["typed_path"]["wrong"])
    check(s["params"].get("path", "") == "" and s["problem"] is None and s["texts"] == texts, f"the damaged one took over: {s['params']}")
    w.picture("damaged-folder")
    typed(good)
    w.key("Escape")  # on second thoughts
    w.wait("what is open", lambda s: s["typed_path"]["text"] == "" and s["params"].get("path", "") == "")
    typed(good)
    w.click(*w.place("text"))
    s = w.wait("the folder", lambda s: s["params"]["path"] == good and not s["running"])
    check(s["banner"] is None, f"the banner says {s['banner']}")


def test_what_other_models_read_is_not_offered(w):
    s = open_own_model(w)
    check("second" not in s["places"] and "target" not in s["places"], "fields of other models stand there")
    check("quick generate" in s["places"] and "stack=cross" not in s["places"], "the settings are another model's")
    open_bert(w)
    s = w.wait("BERT's fields", lambda s: "second" in s["places"])
    check("target" not in s["places"] and "quick generate" not in s["places"], "BERT is asked to write")


def test_a_position_goes_no_further_than_the_text(w):
    open_own_model(w)
    x, y = reach(w, "slider position")
    left, top, width, height = w.state()["places"]["slider position"]
    w.drag(left + 10, y, width + 40, 0)
    tokens = len([name for name in w.state()["places"] if name.startswith("token ")])
    w.wait("the last", lambda s: answered(s) and not s["running"] and s["params"]["position"] == tokens)


def test_one_view_alone_and_escape_brings_all_back(w):
    w.resize(1280, 720)
    open_own_model(w)
    w.picture("own-model-1280")
    w.click(*w.place("enlarge head-grid/self.weights"))
    w.wait("one view", lambda s: [n for n in s["places"] if n.startswith("enlarge ")] == ["enlarge head-grid/self.weights"])
    w.picture("own-model-heads-alone")
    w.key("Escape")
    w.wait("all views", lambda s: len([n for n in s["places"] if n.startswith("enlarge ")]) > 1)


def test_flow_and_neuron_view_can_be_reached(w):
    open_own_model(w)
    for view in ("flow", "neuron"):
        for _ in range(12):
            if f"enlarge {view}/self.weights" in w.state()["places"]:
                break
            w.move(700, 800)
            w.xdotool("click", 5)
        w.wait(f"the {view} view", lambda s: f"enlarge {view}/self.weights" in s["places"])
    w.picture("own-model-below")


def test_what_was_opened_last_stands_in_the_gallery(w):
    folder = os.path.join(GOLDEN, "checkpoint_gpt2")
    drop(int(w.id), [folder], 700, 500)
    w.wait("the model", lambda s: answered(s) and s["exhibit"] == "checkpoint" and s["recent"] == [folder])
    choose(w, "alignment")
    w.wait("another exhibit", lambda s: answered(s) and s["exhibit"] == "alignment")
    w.click(*w.place("recent " + folder))
    w.wait("the model again", lambda s: answered(s) and s["exhibit"] == "checkpoint" and s["params"]["path"] == folder)
    w.picture("recent")
    with Window(w.program, w.artifacts, config=w.config) as again:
        check(again.state()["recent"] == [folder], f"the next window has {again.state()['recent']}")


def test_another_model_reads_what_was_written_and_the_first_stands_in_the_dialog(w):
    first, second = (os.path.join(GOLDEN, name) for name in ("checkpoint_gpt2", "checkpoint_llama"))
    drop(int(w.id), [first], 700, 500)
    w.wait("the model", lambda s: answered(s) and not s["running"] and s["params"].get("path") == first)
    w.click(*w.place("text"))
    w.key("ctrl+a")
    w.type("3 1 4 1 5")
    w.wait("the text", lambda s: answered(s) and not s["running"] and s["params"]["text"] == "3 1 4 1 5")
    drop(int(w.id), [second], 700, 500)
    s = w.wait("the other model", lambda s: answered(s) and not s["running"] and s["params"].get("path") == second)
    check(s["params"]["text"] == "3 1 4 1 5", f"the text is {s['params']['text']}")
    w.key("ctrl+z")
    w.wait("the first again", lambda s: answered(s) and not s["running"] and s["params"].get("path") == first)
    w.key("Escape")
    w.key("ctrl+o")
    w.wait("both in the dialog", lambda s: "lately " + first in s["places"] and "lately " + second in s["places"])
    w.picture("opened-lately")
    w.click(*w.place("lately " + second))
    s = w.wait("the other model", lambda s: answered(s) and not s["running"] and s["params"].get("path") == second)
    check(s["params"]["text"] == "3 1 4 1 5", f"the text is {s['params']['text']}")


def test_a_capture_that_is_zoomed_is_exported_in_part_or_as_a_whole(w):
    folder = tempfile.mkdtemp()
    path, part, whole = (os.path.join(folder, name) for name in ("long.npy", "part.csv", "whole.csv"))
    write_long_capture(path, n=1200)
    drop(int(w.id), [path], 700, 500)
    s = w.wait("the capture", lambda s: answered(s) and s["params"].get("path") == path and "heatmap" in s["places"])
    x, y, width, height = s["places"]["heatmap"]
    w.move(x + width * 0.5, y + height * 0.25)
    for _ in range(8):
        w.xdotool("click", 4)
    w.wait("a part", lambda s: answered(s) and not s["running"] and s["params"].get("part") and "show all" in s["places"])
    w.key("ctrl+e")
    w.wait("the dialog", lambda s: s["export"] and "export all" in s["places"])
    w.picture("export-part")

    def write(target):
        write_figure(w, target)
        w.wait("the file", lambda s: s["export_result"].startswith("Written") and target in s["export_result"])
        with open(target, encoding="utf-8") as file:
            return sum(1 for _ in file)

    lines = write(part)
    w.click(*w.place("export all"))
    w.picture("export-all")
    all_lines = write(whole)
    check(all_lines != lines, f"of all {all_lines} lines were written, as of the part")
