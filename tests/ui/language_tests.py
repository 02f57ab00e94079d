"""The window in another language: switched while it is open, in every exhibit, with nothing left in English and nothing cut."""

import os
import re
import tempfile

from box_tests import faults
from driver import Window, usual_config
from steps import answered, check

HAN = re.compile("[\u4e00-\u9fff]")
# Four words in a row are a sentence.
SENTENCE = re.compile(r"(?:[A-Za-z][a-z'’]+[,;:]? ){3,}[A-Za-z][a-z'’]+")
# Not the program's words: papers, licences as their owners write them, commands.
OTHERS_WORDS = re.compile(r"[12][09]\d\d|CC BY|CC-BY|MIT|saccade [a-z]+|licence", re.S)


def open_exhibit(w, exhibit, language):
    w.click(*w.place("exhibit " + exhibit))
    return w.resting(f"{exhibit} in {language}",
                     lambda s: s["exhibit"] == exhibit and answered(s) and not s["running"] and s["language"] == language and s["drawn"]["all"])


def in_english(s):
    """Sentences on screen that nobody typed and no model wrote."""
    data = " ".join([*map(str, s["params"].values()), *map(str, s["texts"].values())])
    return [text for text in s["drawn"]["all"] if SENTENCE.search(text) and not HAN.search(text) and not OTHERS_WORDS.search(text)
            and SENTENCE.search(text)[0] not in data]


def switch(w, language):
    w.click(*w.place("language"))
    w.wait(f"the language {language}", lambda s: s["language"] == language)


def exhibits_of(s):
    return [name.split(" ", 1)[1] for name in s["places"] if name.startswith("exhibit ")]


def test_every_exhibit_is_in_chinese_and_in_english_again(w):
    size = (1600, 1000)
    with Window(w.program, w.artifacts, size=size, tells_texts=True) as chinese:
        s = chinese.resting("the first exhibit", lambda s: answered(s) and not s["running"])
        exhibits, cut, misplaced = exhibits_of(s), {}, []
        check(len(exhibits) > 15, f"exhibits: {exhibits}")
        for exhibit in exhibits:
            s = open_exhibit(chinese, exhibit, "en")
            cut[exhibit] = s["drawn"]["cut"]
            misplaced += [f"en {exhibit}: {one}" for one in faults(s["drawn"]["boxes"], size)]
            switch(chinese, "zh")
            s = open_exhibit(chinese, exhibit, "zh")
            chinese.picture(f"zh-{exhibit}")
            misplaced += [f"zh {exhibit}: {one}" for one in faults(s["drawn"]["boxes"], size)]
            check(not in_english(s), f"{exhibit}: in English still: {in_english(s)}")
            check(sum(bool(HAN.search(text)) for text in s["drawn"]["all"]) > 20, f"{exhibit}: hardly a text is Chinese")
            here = [text for text in s["drawn"]["cut"] if HAN.search(text)]
            check(len(here) <= len(cut[exhibit]), f"{exhibit}: cut in Chinese: {here}; in English: {cut[exhibit]}")
            switch(chinese, "en")
        check(not misplaced, "\n" + "\n".join(misplaced))
        s = open_exhibit(chinese, exhibits[0], "en")
        left = [text for text in s["drawn"]["all"] if HAN.search(text) and text != "中文"]
        check(not [text for text in left if "，" in text], f"in Chinese still: {left}")


def test_the_language_is_kept_and_the_lesson_follows_it_unless_it_was_chosen(w):
    config = usual_config()
    environment = {"SACCADE_LANGUAGE": "", "LC_ALL": "C.UTF-8"}
    with Window(w.program, w.artifacts, config=config, environment=environment) as first:
        check(first.state()["language"] == "en", "LC_ALL is C and the window is not English")
        switch(first, "zh")
        check(first.state()["lesson"]["language"] == "zh", "the lesson does not follow the window")
        first.key("ctrl+l")
        first.wait("the lesson", lambda s: s["lesson"]["shown"])
        first.click(*first.place("lesson en"))
        first.wait("the lesson in English", lambda s: s["lesson"]["language"] == "en" and s["language"] == "zh")
    with Window(w.program, w.artifacts, config=config, environment=environment) as second:
        s = second.wait("what was chosen", lambda s: s["language"] == "zh")
        check(s["lesson"]["language"] == "en", "the lesson's language is lost")
    with Window(w.program, w.artifacts, environment={"SACCADE_LANGUAGE": "", "LC_ALL": "zh_CN.UTF-8"}) as third:
        third.wait("the system's language", lambda s: s["language"] == "zh" and s["lesson"]["language"] == "zh")


def test_a_missing_language_is_said_and_the_window_stays_english(w):
    assets = os.path.join(tempfile.mkdtemp(), "assets")
    os.makedirs(os.path.join(assets, "translations"))
    source = os.environ.get("SACCADE_ASSETS") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "assets")
    for name in ("models", "captures"):
        os.symlink(os.path.abspath(os.path.join(source, name)), os.path.join(assets, name))
    with open(os.path.join(assets, "translations", "zh.mo"), "wb") as file:
        file.write(b"not compiled")
    with Window(w.program, w.artifacts, environment={"SACCADE_ASSETS": assets}) as damaged:
        damaged.click(*damaged.place("language"))
        s = damaged.wait("why it is not Chinese", lambda s: s["banner"] is not None)
        check("zh.mo: this is no catalogue of translations" in s["banner"], f"the banner says {s['banner']}")
        check(s["language"] == "en", f"the language is {s['language']}")
