"""What the window's tests do in a line: conditions, and small sequences of events."""


def answered(s):
    return not s["stale"] and s["problem"] is None and not s["dragging"]


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def give_path(w, path):
    """Types a path into the open prompt; Return only when all of it has arrived."""
    w.type_whole(path, lambda s: s["prompt_path"] == path, lambda: None)
    w.key("Return")


def write_figure(w, path):
    """From the open desk; what came of it stands in "export_result"."""
    w.click(*w.place("export path"))
    w.wait("the path field", lambda s: s["typing"])
    w.type_whole(path, lambda s: s["export_path"] == path, lambda: w.click(*w.place("export path")))
    w.click(*w.place("export write"))


def ask_palette(w, words):
    w.key("ctrl+k")
    w.wait("the palette", lambda s: s["palette"] and s["typing"])
    w.type_whole(words, lambda s: s["palette_query"] == words, lambda: None)
    return w.wait("what is found", lambda s: s["settled"])


def from_palette(w, words):
    """The first that the palette finds for these words."""
    ask_palette(w, words)
    w.key("Return")
    w.wait("the palette to close", lambda s: not s["palette"])


def choose(w, exhibit):
    from_palette(w, "go to " + exhibit)


def replace_field(w, name, text):
    w.click(*w.place(name))
    w.wait("the field to have the keyboard", lambda s: s["typing"])
    w.key("ctrl+a")
    w.type(text)


def reach(w, name):
    """Middle of something in the inspector, turned into sight by the wheel if it lies further down."""
    for _ in range(80):
        x, y = w.place(name)
        window, panel = w.state()["places"]["(window)"], 60
        if panel < y < window[3] - 50:
            return x, y
        w.move(x, window[3] / 2)
        w.xdotool("click", 5 if y > panel else 4)
        w.wait("the scrolled panel", lambda s: s["places"].get(name, [0, 0, 0, 0])[1] != y - s["places"][name][3] / 2)
    raise AssertionError(f"{name} cannot be reached by the wheel")
