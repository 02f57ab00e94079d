#!/usr/bin/env python3
"""Writes assets/translations/pinyin.txt: how the usual Chinese characters are read, by which the palette finds them.

    tools/pinyin.py

A line a syllable, without its tone and with v for ü, and the characters that are read so: those of GB 2312's first level and of
our own translations. Readings are ICU's (uconv, of icu-devtools), which knows one of each; those that have another stand below."""

import os
import re
import subprocess

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
also = {"chong": "重", "hang": "行", "zhang": "长", "tiao": "调", "shuai": "率", "lu": "率绿律虑旅屡铝履", "huan": "还", "du": "都", "kuai": "会",
        "shen": "参什", "chai": "差", "zhuan": "传", "dan": "弹", "liao": "了", "mu": "模", "shai": "色", "shi": "似什", "xi": "系", "ji": "系给",
        "zhao": "着", "zhuo": "着", "chen": "称", "xiang": "降", "jiao": "觉", "qia": "卡", "lou": "露", "nu": "女", "zeng": "曾",
        "yue": "乐", "zha": "查", "bao": "薄", "da": "大", "dai": "大", "dei": "得", "di": "地", "e": "恶", "fo": "佛", "bi": "秘", "shuo": "数说",
        "xu": "畜", "yan": "咽", "cang": "藏", "zang": "藏", "ge": "合", "gai": "盖", "he": "和", "huo": "和", "la": "落", "pian": "便",
        "pu": "朴", "zhai": "择", "you": "有", "za": "咋", "zuan": "钻"}


def characters():
    usual = [bytes((high, low)).decode("gb2312", "ignore") for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF)]
    own = ""
    folders = [os.path.join(root, "assets", name) for name in ("translations", "lessons")] + [os.path.join(root, "src")]
    for folder in folders:
        for where, _, files in os.walk(folder):
            for name in files:
                if name.endswith((".po", ".json", ".cpp", ".hpp")):
                    with open(os.path.join(where, name), encoding="utf-8") as file:
                        own += file.read()
    return sorted({c for c in "".join(usual) + own if "\u4e00" <= c <= "\u9fff"})


def main():
    all_of_them = characters()
    read = subprocess.run(["uconv", "-f", "utf-8", "-t", "utf-8", "-x", "Han-Latin; NFD; [\\u0300\\u0301\\u0304\\u030C] Remove; NFC; Lower"],
                          input="\n".join(all_of_them), capture_output=True, text=True, check=True).stdout.split("\n")
    by_syllable = {}
    for character, syllable in zip(all_of_them, read):
        syllable = syllable.strip().replace("ü", "v")
        if re.fullmatch("[a-z]+", syllable):
            by_syllable.setdefault(syllable, set()).add(character)
    for syllable, others in also.items():
        by_syllable.setdefault(syllable, set()).update(others)
    path = os.path.join(root, "assets", "translations", "pinyin.txt")
    with open(path, "w", encoding="utf-8") as file:
        for syllable in sorted(by_syllable):
            file.write(syllable + " " + "".join(sorted(by_syllable[syllable])) + "\n")
    print(f"{path}: {len(all_of_them)} characters, {len(by_syllable)} syllables")


if __name__ == "__main__":
    main()
