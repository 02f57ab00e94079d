"""Whatever a hand may do, in any order: the window lives, answers, and does not grow without end."""

import os
import random
import tempfile
import time

from driver import Window
from steps import check, choose
from x_hand import Hand

ACTIONS = int(os.environ.get("SACCADE_ACTIONS", 1000))  # 10000 by hand
SEED = int(os.environ.get("SACCADE_SEED", 1))
PAUSE = 0.02  # seconds between two of them
MOST_MB = 600  # resident, of a window whose caches are full
SETTLED = 7000  # actions after which they are: every exhibit was met, with most of its models
MOST_GROWTH = 1.15  # from there on

CHORDS = ["ctrl+k", "Escape", "Escape", "Return", "Tab", "shift+Tab", "ctrl+z", "ctrl+shift+z", "ctrl+b", "ctrl+1", "ctrl+2", "ctrl+t",
          "ctrl+equal", "ctrl+minus", "ctrl+0", "Left", "Right", "Up", "Down", "shift+Left", "shift+Down", "plus", "minus", "space",
          "ctrl+e", "ctrl+s", "ctrl+o", "ctrl+l", "ctrl+i", "ctrl+v", "ctrl+a", "F1", "n", "Delete", "BackSpace", "alt+Left", "Home", "End"]
TEXTS = ["30 Sep 2019", "1 May 2021", "0.5", "-1", "99999999999", "1e9", "nan", "a.json", "b.png", "x", "", "1 0 0 1", "the cat sat on"]


class Chance:
    """One random action after another, the same for the same seed and window."""

    def __init__(self, w, hand, seed):
        self.w, self.hand, self.random = w, hand, random.Random(seed)

    def anywhere(self):
        _, _, width, height = self.w.state()["places"].get("(window)", [0, 0, 1600, 1000])
        return self.random.uniform(0, width - 1), self.random.uniform(0, height - 1)

    def somewhere(self):
        """On something that the window says it has drawn."""
        places = {name: box for name, box in self.w.state()["places"].items() if name != "(window)" and box[2] > 0 and box[3] > 0}
        if not places:
            return self.anywhere()
        x, y, width, height = places[self.random.choice(sorted(places))]
        return x + width * self.random.random(), y + height * self.random.random()

    def drag(self):
        x, y = self.somewhere()
        to_x, to_y = self.anywhere()
        self.hand.move(x, y)
        self.hand.button(1, True)
        for i in range(1, 5):
            self.hand.move(x + (to_x - x) * i / 4, y + (to_y - y) * i / 4)
            time.sleep(0.005)
        self.hand.button(1, False)

    def wheel(self):
        self.hand.move(*self.somewhere())
        for _ in range(self.random.randrange(1, 6)):
            self.hand.click(*self.somewhere(), which=self.random.choice([4, 5]))

    def exhibit(self):
        places = self.w.state()["places"]
        names = [name for name in places if name.startswith("exhibit ")]
        if names:
            x, y, width, height = places[self.random.choice(sorted(names))]
            self.hand.click(x + width / 2, y + height / 2)

    def size(self):
        self.hand.resize(int(self.w.id), self.random.randrange(640, 1600), self.random.randrange(480, 1000))

    def act(self):
        what = self.random.random()
        if what < 0.35:
            self.hand.click(*self.somewhere())
        elif what < 0.45:
            self.hand.click(*self.anywhere(), which=self.random.choice([1, 1, 1, 2, 3]))
        elif what < 0.55:
            self.drag()
        elif what < 0.62:
            self.wheel()
        elif what < 0.85:
            self.hand.key(self.random.choice(CHORDS))
        elif what < 0.93:
            self.hand.type(self.random.choice(TEXTS))
        elif what < 0.985:
            self.exhibit()
        else:
            self.size()


def resident_mb(process):
    with open(f"/proc/{process.pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmRSS"))


def answers(w):
    """Whatever is open closes, and a first question is answered."""
    for _ in range(8):
        w.key("Escape")
        time.sleep(0.1)
    choose(w, "transformer")
    w.wait("another exhibit", lambda s: s["exhibit"] == "transformer")
    choose(w, "alignment")
    w.key("Escape")
    w.wait("an answer", lambda s: s["exhibit"] == "alignment" and not s["running"])


def test_random_actions(w):
    folder = tempfile.mkdtemp()  # what is saved by chance
    w.close()
    hand, done, starts, sizes, begun = Hand(), 0, 0, {}, time.monotonic()
    one = None
    try:
        while done < ACTIONS:
            # To quit is one of the things that a hand may do.
            one = Window(w.program, w.artifacts, folder=folder)
            starts += 1
            chance = Chance(one, hand, SEED + done)
            while done < ACTIONS and one.process.poll() is None:
                try:
                    chance.act()
                except (OSError, ValueError):
                    pass  # between two states
                done += 1
                time.sleep(PAUSE)
                if done % 100 == 0 and one.process.poll() is None:
                    sizes[done] = resident_mb(one.process)
                    if done % 1000 == 0 and ACTIONS > 1000:
                        print(f"        {done} actions: {sizes[done]:.0f} MB", flush=True)
            status = one.process.poll()
            check(status in (None, 0), f"seed {SEED}: ended with status {status} after {done} actions")
            if status is None:
                answers(one)
                sizes[done] = resident_mb(one.process)
            one.close()
    except BaseException:
        print(f"        seed {SEED}, {done} actions", flush=True)
        if one is not None:
            one.picture("failed")
            one.close()
        raise
    hand.close()
    seconds = time.monotonic() - begun
    most = max(sizes.values())
    print(f"        seed {SEED}: {done} actions in {seconds:.0f} s, {starts} starts, at most {most:.0f} MB, {sizes[done]:.0f} MB in the end", flush=True)
    check(most < MOST_MB, f"seed {SEED}: {most:.0f} MB")
    if starts == 1 and ACTIONS > SETTLED:
        check(sizes[done] < sizes[SETTLED] * MOST_GROWTH, f"seed {SEED}: {sizes[SETTLED]:.0f} MB become {sizes[done]:.0f}")
