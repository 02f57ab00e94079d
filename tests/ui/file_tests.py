"""The dialog for files, ours and the desktop's; pictures in the clipboard; everything by keyboard alone."""

import os
import shutil
import stat
import tempfile
import time

from driver import Window
from steps import answered, ask_palette, check, choose, from_palette


def open_prompt(w):
    w.key("ctrl+o")
    return w.wait("the prompt", lambda s: s["prompt"] and s["typing"])


def some_folder():
    folder = os.path.realpath(tempfile.mkdtemp())
    os.makedirs(os.path.join(folder, "pictures"))
    data = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data")
    shutil.copy(os.path.join(data, "animated.png"), os.path.join(folder, "pictures", "blue.png"))
    open(os.path.join(folder, "notes.txt"), "w").close()
    return folder


def test_folders_are_walked_and_a_picture_is_seen_before_it_is_opened(w):
    folder = some_folder()
    choose(w, "channel")
    w.wait("the exhibit", lambda s: s["exhibit"] == "channel" and answered(s))
    open_prompt(w)
    w.key("ctrl+a")
    w.type(folder + "/")
    w.wait("its folder", lambda s: "file pictures/" in s["places"] and "file notes.txt" in s["places"])
    w.click(*w.place("file pictures/"))
    s = w.wait("the folder below", lambda s: "file blue.png" in s["places"])
    check(s["prompt_path"] == folder + "/pictures/", f"the field says {s['prompt_path']}")
    w.click(*w.place("file blue.png"))
    w.wait("its preview", lambda s: "file preview" in s["places"])
    w.picture("file-preview")
    w.resize(800, 600)
    w.picture("file-preview-800")
    w.click(*w.place("file .."))
    w.wait("the folder above", lambda s: s["prompt_path"] == folder + "/" and "file notes.txt" in s["places"])
    # By keys alone: Tab goes to the rows, Return presses.
    for _ in range(30):
        w.key("Tab")
        time.sleep(0.3)  # some stops have no name: there is nothing to wait for
        s = w.wait("the next", lambda s: s["settled"])
        if s["focus"] == "file pictures/":
            break
    check(s["focus"] == "file pictures/", f"Tab does not come to the folder: {s['focus']}")
    w.key("Return")
    w.wait("the folder below", lambda s: s["prompt_path"] == folder + "/pictures/")
    w.wait("its picture", lambda s: "file blue.png" in s["places"])
    x, y = w.place("file blue.png")
    w.move(x, y)
    w.xdotool("click", "--repeat", 2, "--delay", 60, 1)
    w.wait("the picture", lambda s: not s["prompt"] and s["params"]["image"].endswith("blue.png") and answered(s))


def program_in(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write("#!/bin/sh\n" + text)
    os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)


class with_programs:
    """Other programs of a desktop, as the window finds them."""

    def __init__(self, **texts):
        self.folder = tempfile.mkdtemp()
        for name, text in texts.items():
            program_in(self.folder, name.replace("_", "-"), text)

    def __enter__(self):
        self.before = os.environ["PATH"]
        os.environ["PATH"] = self.folder + ":" + self.before
        return self.folder

    def __exit__(self, *ignored):
        os.environ["PATH"] = self.before


def test_the_desktops_own_dialog_is_asked_and_the_window_goes_on(w):
    folder = some_folder()
    go = os.path.join(folder, "go")
    picture = os.path.join(folder, "pictures", "blue.png")
    with with_programs(zenity=f'while [ ! -e "{go}" ]; do sleep 0.05; done\necho "{picture}"\n'):
        with Window(w.program, w.artifacts) as one:
            choose(one, "channel")
            one.wait("the exhibit", lambda s: s["exhibit"] == "channel" and answered(s))
            one.key("ctrl+o")
            one.wait("the word that it is open", lambda s: s["prompt"] and "own dialog" in s["places"])
            one.picture("native-dialog")
            one.key("ctrl+t")
            one.wait("a window that goes on", lambda s: s["theme"] == "light")
            open(go, "w").close()
            one.wait("the picture", lambda s: not s["prompt"] and s["params"]["image"] == picture and answered(s))
            os.remove(go)
            one.key("ctrl+o")
            one.wait("the dialog", lambda s: "own dialog" in s["places"])
            one.click(*one.place("own dialog"))
            one.wait("our own", lambda s: s["prompt"] and "path" in s["places"])


def test_pictures_go_into_the_clipboard_and_come_from_it(w):
    kept = os.path.join(tempfile.mkdtemp(), "clipboard")
    with with_programs(xclip=f'''case "$*" in
*-in*) cat > "{kept}.png" ;;
*image/png*-out*) [ -e "{kept}.png" ] && cat "{kept}.png" ;;
*) exit 1 ;;
esac
'''):
        with Window(w.program, w.artifacts) as one:
            one.wait("the exhibit", answered)
            one.key("ctrl+v")
            s = one.wait("a word", lambda s: s["banner"] and "clipboard" in s["banner"])
            check("no picture" in s["banner"], f"it says {s['banner']}")
            one.key("ctrl+e")
            one.wait("the desk", lambda s: s["export"] and s["export_width_mm"] > 0 and not s["export_busy"])
            one.click(*one.place("export copy as"))
            one.click(*one.place("export copy Figure, as PNG"))
            one.wait("copied", lambda s: s["export_result"] == "The figure is in the clipboard, as PNG")
            check(open(kept + ".png", "rb").read(8) == b"\x89PNG\r\n\x1a\n", "it is no PNG")
            one.key("Escape")
            one.wait("the stage", lambda s: not s["export"])
            # What Saccade wrote is the run that it was made of.
            one.replace_source("1 May 2021")
            one.wait("another text", lambda s: answered(s) and s["params"]["source"] == "1 May 2021")
            one.move(10, 10)
            one.key("Escape")
            one.wait("no field", lambda s: not s["typing"])
            one.key("ctrl+v")
            one.wait("the run before", lambda s: answered(s) and s["params"].get("source") != "1 May 2021")


def test_without_a_helper_a_clear_word_is_said(w):
    if any(os.access(os.path.join(p, "xclip"), os.X_OK) for p in os.environ["PATH"].split(":")):
        return
    w.key("ctrl+e")
    w.wait("the desk", lambda s: s["export"] and s["export_width_mm"] > 0 and not s["export_busy"])
    w.click(*w.place("export copy as"))
    w.click(*w.place("export copy Figure, as PNG"))
    w.wait("what to install", lambda s: "install xclip" in s["export_result"])


def tab_round(w, start):
    """Every control that Tab comes to, from one on, until it is there again."""
    names, at = [], w.state()["focus_place"]
    for _ in range(400):
        w.key("Tab")
        # What was out of sight is turned into it first, and has its name then.
        s = w.wait("the focus to move", lambda s: s["focus_place"] not in (at, -1) and s["settled"])
        at = s["focus_place"]
        if s["focus"] == start and names:
            return names
        names.append(s["focus"])
    raise AssertionError(f"Tab does not come round: {names}")


def found_in_palette(w, command):
    """By the first letters of its name, of which a person types no more than it takes."""
    if not any(one["title"] == command["title"] and one["available"] for one in w.state()["commands"]):
        return False
    name = command["title"].replace("…", "").replace(":", "").strip()
    for words in (name[:12].strip(), name):
        found = "found " + command["title"] in ask_palette(w, words)["places"]
        w.key("Escape")
        w.wait("no palette", lambda s: not s["palette"])
        if found:
            return True
    return False


def to_comparison(w):
    w.key("ctrl+b")
    w.wait("two runs", lambda s: s["compare"]["on"] and answered(s))


def to_change(w):
    w.key("ctrl+b")
    w.wait("one run", lambda s: not s["compare"]["on"] and answered(s))
    w.key("shift+Down")
    w.key("plus")
    w.wait("a change", lambda s: s["interventions"] and answered(s))


def to_part(w):
    w.key("alt+plus")
    w.wait("a part", lambda s: s["positions"])


def to_scene(w):
    choose(w, "captioning")
    w.wait("the exhibit", lambda s: s["exhibit"] == "captioning" and answered(s))
    from_palette(w, "scene maker")
    w.wait("the scene", lambda s: s["scene"]["open"] and answered(s))


def to_lesson(w):
    from_palette(w, "from a fixed context")
    w.wait("the lesson", lambda s: s["played"] and answered(s))
    w.replace_source("火车")
    w.wait("a run that is not the scene's", lambda s: answered(s) and s["played"]["changed"])


def to_chinese(w):
    from_palette(w, "Language")
    w.wait("Chinese", lambda s: s["language"] == "zh")


# What the window notes that is no control: areas, and headings that tests look at.
AREAS = {"(window)", "heatmap", "by hand", "effect", "bars", "picture caption", "output line", "picture", "whole map", "card"}


def test_everything_is_reached_by_keyboard_alone(w):
    """Writes keyboard.txt: each command by its keys or from the palette, each control by Tab."""
    lines = []
    s = w.wait("the window", answered)
    left = []
    for command in s["commands"]:
        check(command["palette"] or command["keys"], f"{command['title']} is in no list and has no keys")
        if command["palette"]:
            left.append(command)
        else:
            lines.append(f"command   {command['keys']:16} {command['title']}")
    for exhibit in ("transformer", "channel"):
        choose(w, exhibit)
        w.wait(exhibit, lambda s: s["exhibit"] == exhibit and answered(s) and s["settled"])
        at = w.state()["focus_place"]
        w.key("Tab")
        start = w.wait("a focus", lambda s: s["focus_place"] not in (at, -1) and s["settled"])["focus"]
        names = [start, *tab_round(w, start)]
        lines += [f"{exhibit:12} Tab      {name or '(without a name)'}" for name in names]
        missed = {name for name in w.state()["places"] if name not in AREAS} - set(names)
        check(not missed, f"{exhibit}: Tab never comes to {missed}")
    choose(w, "alignment")
    w.wait("alignment", lambda s: s["exhibit"] == "alignment" and answered(s) and s["settled"])
    for prepare in (None, to_comparison, to_change, to_part, to_scene, to_lesson, to_chinese):
        if prepare:
            prepare(w)
        found = [command for command in left if found_in_palette(w, command)]
        lines += [f"command   {command['keys'] or '(palette)':16} {command['title']}" for command in found]
        left = [command for command in left if command not in found]
    check(not left, f"the palette never has {[command['title'] for command in left]}")
    with open(os.path.join(w.artifacts, "keyboard.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
