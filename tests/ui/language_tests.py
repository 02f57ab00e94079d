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

# Labels of tokens and classes stay as they are, though some are words of the catalogue, too.
WORDS_OF_DATA = {"blue", "cross", "month", "@11: left", "convolution · knd²", "recurrent · nd²", "restricted · rnd", "self-attention · n²d"}


def open_exhibit(w, exhibit, language):
    w.click(*w.place("exhibit " + exhibit))
    return w.resting(f"{exhibit} in {language}",
                     lambda s: s["exhibit"] == exhibit and answered(s) and not s["running"] and s["language"] == language and s["drawn"]["all"])


def texts_with_chinese():
    """English texts of the catalogue that have Chinese words, as regular expressions: what stands in their places is anything."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "assets", "translations", "zh.po")
    with open(path, encoding="utf-8") as file:
        pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.*)"$', file.read(), re.M)
    whole, patterns = set(), []
    for english, chinese in pairs:
        if not HAN.search(chinese):
            continue
        if "{" not in english:
            whole.add(english)
        elif len(re.sub(r"\{[^{}]*\}|[^A-Za-z]", "", english)) >= 4:
            pieces = re.split(r"\{[^{}]*\}", english.strip("; ·"))
            patterns.append(re.compile("(.+)".join(map(re.escape, pieces))))
    return whole, patterns


WHOLE, PATTERNS = texts_with_chinese()


def is_catalogued(text):
    """Is it an English text of the program that has a Chinese one, by itself or with a number behind it?"""
    text = text.strip()
    return text in WHOLE or re.sub(r"[ :]*[\d.,%]+$", "", text) in WHOLE or any(p.fullmatch(text) for p in PATTERNS)


def in_english(s):
    """Sentences on screen that nobody typed and no model wrote, and whatever the catalogue has in Chinese: words of a button, too."""
    typed = [*map(str, s["params"].values())]
    data = " ".join([*typed, *map(str, s["texts"].values())])
    left = [text for text in s["drawn"]["all"] if not HAN.search(text) and not OTHERS_WORDS.search(text)]
    sentences = [text for text in left if SENTENCE.search(text) and SENTENCE.search(text)[0] not in data]
    words = [text for text in left if re.search("[A-Za-z]{3}", text) and text not in WORDS_OF_DATA
             and not any(text in one for one in typed) and any(is_catalogued(part) for part in re.split(" {2,}|;  |  ·  ", text))]
    return sentences + words


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


def test_what_is_said_while_a_run_is_under_way_is_in_chinese(w):
    with Window(w.program, w.artifacts, environment={"SACCADE_LANGUAGE": "zh"}, tells_texts=True) as chinese:
        chinese.wait("the first exhibit", answered)
        chinese.click(*chinese.place("exhibit complexity"))
        s = chinese.wait("the way to end the run", lambda s: s["exhibit"] == "complexity" and "Cancel" in s["places"])
        check(not in_english(s), f"in English while it measures: {in_english(s)}")


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
