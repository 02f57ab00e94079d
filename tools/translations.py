#!/usr/bin/env python3
"""The program's texts and their translations.

    translations.py list          every text for people in src/, as the catalogue must have it, with its place
    translations.py update        adds to assets/translations/*.po what the code has and they have not, and drops what is gone
    translations.py check         every fault of the catalogues, by file and line; exit status 1 if there is one
    translations.py check --self-test   the check can fail: each kind of fault, planted, is found

Texts of the window and of the command line are wrapped where they stand, tr("...") or msg("..."), and found by xgettext. What the
rooms below them say (errors, titles and help of parameters, notes) is English as it is made, with no wrapping: a person's language is
looked up where it is shown, by the format string of which it was made (Catalogue::find_composed). These format strings are read from
the sources here: a text literal with all that is joined to it by +, values as {}.
"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
WRAPPED_ROOMS = ("ui", "gl", "bench", "cli")
# Beside what is wrapped, what these say is English but for errors: what the cards of models say of their training and data.
ERRORS_ALONE = re.compile(r"src/(ui|gl|bench|cli/(bench|manual|told)|train/(?!clip_story|task|training_file|optimiser))")
KEYWORDS = ("tr:1", "msg:1", "tr_count:2,3", "tr_in:1c,2", "msg_in:1c,2")


# --- C++ ---

def decoded(literal):
    def one(match):
        c = match[1]
        if c[0] in "x01234567":
            return chr(int(c.lstrip("x"), 16 if c[0] == "x" else 8))
        return {"n": "\n", "t": "\t", "r": "\r", "e": "\033"}.get(c, c)
    return re.sub(r"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)", one, literal, flags=re.S)


TOKEN = re.compile(r"""
    (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<raw>R"(?P<delimiter>[^(\s]*)\((?P<rawtext>.*?)\)(?P=delimiter)")
  | (?P<string>"(?:[^"\\\n]|\\.)*")
  | (?P<char>'(?:[^'\\\n]|\\.[0-9a-fA-F]*)')
  | (?P<preprocessor>^[ \t]*\#[^\n]*)
  | (?P<word>[A-Za-z_][A-Za-z_0-9]*|[0-9][A-Za-z_0-9'.]*)
  | (?P<sign>::|->|<<|>>|&&|\|\||[=!<>]=|.)
""", re.X | re.S | re.M)


class Token:
    def __init__(self, kind, text, line):
        self.kind, self.text, self.line = kind, text, line


def tokens_of(source):
    """Words, signs and literals; neighbouring literals are one, as the compiler joins them."""
    tokens, line = [], 1
    for match in TOKEN.finditer(source):
        kind, text = match.lastgroup, match[0]
        if match["raw"] is not None:
            tokens.append(Token("raw", match["rawtext"], line))
        elif match["string"] is not None:
            if tokens and tokens[-1].kind == "string":
                tokens[-1].text += decoded(text[1:-1])
            else:
                tokens.append(Token("string", decoded(text[1:-1]), line))
        elif match["word"] is not None or (match["sign"] is not None and not text.isspace()):
            tokens.append(Token("word" if match["word"] is not None else "sign", text, line))
        elif match["char"] is not None:
            tokens.append(Token("char", text, line))
        del kind
        line += text.count("\n")
    return tokens


OPEN, CLOSE = {"(": ")", "[": "]", "{": "}"}, {")": "(", "]": "[", "}": "{"}
ENDS = {",", ";", "?", ":", "=", "==", "!=", "<<", "&&", "||", "return", "<", ">", "+="}


def end_of_operand(tokens, i, step):
    """From a token of an operand of + to its last one, in that direction."""
    depth = 0
    while 0 <= i < len(tokens):
        text = tokens[i].text if tokens[i].kind != "string" else ""
        opens, closes = (OPEN, CLOSE) if step > 0 else (CLOSE, OPEN)
        if text in opens and tokens[i].kind == "sign":
            depth += 1
        elif text in closes and tokens[i].kind == "sign":
            if depth == 0:
                return i - step
            depth -= 1
        elif depth == 0 and (text in ENDS or text == "+") and tokens[i].kind in ("sign", "word"):
            return i - step
        i += step
    return i - step


def format_text(tokens, first, last):
    """The text of an operand: of a literal or of fmt::format of one; a value is {}."""
    part = tokens[first:last + 1]
    texts = [t.text for t in part]
    if len(part) == 1 and part[0].kind == "string":
        return part[0].text, False
    if texts[:3] in (["std", "::", "string"], ["fmt", "::", "format"]):
        head = 3
        if len(part) > head + 1 and texts[head] == "(" and part[head + 1].kind == "string":
            return part[head + 1].text, texts[2] == "format"
    return "{}", True


def joined_text(tokens, i):
    """The format string of the whole expression in which literal i is joined, as one of two texts of a condition, too."""
    first = last = i
    if i >= 4 and [t.text for t in tokens[i - 4:i]] in (["fmt", "::", "format", "("], ["std", "::", "string", "("]):
        first = i - 4
        last = end_of_operand(tokens, i - 1, 1)
    text, is_format = format_text(tokens, first, last)
    while True:
        pieces = [(text, is_format)]
        while first > 1 and is_sign(tokens[first - 1], "+"):
            end = first - 2
            first = end_of_operand(tokens, end, -1)
            pieces.insert(0, format_text(tokens, first, end))
        while last + 2 < len(tokens) and is_sign(tokens[last + 1], "+"):
            start = last + 2
            last = end_of_operand(tokens, start, 1)
            pieces.append(format_text(tokens, start, last))
        if len(pieces) > 1:
            text, is_format = "".join(t if f else t.replace("{", "{{").replace("}", "}}") for t, f in pieces), True
        around = condition_around(tokens, first, last)
        if around is None:
            return text
        first, last = around


def is_sign(token, text):
    return token.kind == "sign" and token.text == text


def condition_around(tokens, first, last):
    """"(c ? A : B)", of which the tokens are A or B, if it is joined to something; else None."""
    if not (is_sign(tokens[first - 1], "?") or is_sign(tokens[first - 1], ":")):
        return None
    begin = end_of(tokens, first - 1, -1)
    end = end_of(tokens, last + 1, 1)
    if begin <= 0 or end + 1 >= len(tokens) or not is_sign(tokens[begin], "(") or not is_sign(tokens[end], ")"):
        return None
    joined = is_sign(tokens[begin - 1], "+") or is_sign(tokens[end + 1], "+")
    return (begin, end) if joined and tokens[begin - 1].kind != "word" else None


def end_of(tokens, i, step):
    """Where the bracket around token i opens or closes."""
    opens, closes = (OPEN, CLOSE) if step > 0 else (CLOSE, OPEN)
    depth = 0
    while 0 <= i < len(tokens):
        if tokens[i].kind == "sign" and tokens[i].text in opens:
            depth += 1
        elif tokens[i].kind == "sign" and tokens[i].text in closes:
            if depth == 0:
                return i
            depth -= 1
        i += step
    return i


WORDS = re.compile(r"[A-Za-z]{2,}[a-z]*[,;:.]? +\(?[a-zA-Z]{1,}|[A-Za-z]{3,}[:,]? “?\{|\} [a-z]{3,}")
TITLE = re.compile(r"[A-Z][a-z]{2,}[a-z -]*(?: [α-ω])?$")


def reads_as_text(text):
    return bool(WORDS.search(text) or TITLE.match(text))


def bracket_of(tokens, i):
    """What an opening bracket belongs to: the word before it; "Error" of one that is returned as {code, message, hint}; "names" of a list of these."""
    if tokens[i].text == "{":
        if i and tokens[i - 1].text == "names":
            return "names"
        return "Error" if i + 1 < len(tokens) and tokens[i + 1].text == "ErrorCode" else "{"
    return tokens[i - 1].text if i and tokens[i].text == "(" else tokens[i].text


def texts_below(source, inside=None, option_file=False):
    """Of a file: (text, line) of what is made in English there; or of what stands inside such brackets alone ("Error")."""
    tokens, around = tokens_of(source), []
    for i, token in enumerate(tokens):
        if token.kind == "sign" and token.text in OPEN:
            around.append(bracket_of(tokens, i))
        elif token.kind == "sign" and token.text in CLOSE and around:
            around.pop()
        if (inside and inside not in around) or (around and around[-1] in ("tr", "tr_count", "tr_in", "msg", "msg_in")):
            continue
        if token.kind != "string" or not re.search("[A-Za-z]{2}", token.text):
            continue
        before = [t.text for t in tokens[max(0, i - 5):i]]
        # Keys of a file, and what is looked for in what a library says.
        if KEYS_IN & set(around[-2:]) or before[-1:] in (["=="], ["!="]):
            continue
        after = [t.text for t in tokens[i + 1:i + 4]]
        # Names of axes, units and members of enumerations, which people read as words.
        if after == [",", "AxisKind", "::"] or before[-2:] == ["unit", "="] or (before[:1] == ["{"] and before[2:3] == ["::"]):
            yield token.text.removesuffix(".key"), token.line
            continue
        # A choice as a file names it, a theme, a colormap: names that are shown.
        if around[-1:] in (["names"], ["sequential"], ["diverging"]) or before[-4:] == ["t", ".", "id", "="]:
            yield token.text, token.line
            continue
        # {"each", "One head: the selected one"}: a choice of a view's option and what it means.
        named = is_sign(tokens[i - 1], "{") and after[0] == "," and i + 2 < len(tokens) and tokens[i + 2].kind == "string" \
            and WORDS.search(tokens[i + 2].text) and option_file
        pair = named or i >= 3 and tokens[i - 1].text == "," and tokens[i - 2].kind == "string" and tokens[i - 3].text == "{"
        text = joined_text(tokens, i)
        if pair or reads_as_text(token.text) or reads_as_text(text):
            yield text, token.line


# --- what is not wrapped, and should be ---

WRAPPERS = {"tr", "msg", "tr_count", "tr_in", "Error"}
# Their first literal is a name: of ImGui, of a place for tests, of a key in a file.
TAKES_NAME = {
    "button", "segments", "slider", "toggle_switch", "flow_button", "name_menu", "row", "press", "small", "turn_button", "begin_panel",
    "begin_dialog", "begin_page", "begin_padded_child", "Begin", "BeginChild", "BeginPopup", "OpenPopup", "InvisibleButton", "scrim", "PushID", "note_place",
    "try_emplace", "text_input", "field", "remember", "edit", "prompt", "put", "put_menu", "history_row", "number", "text", "find_string", "getenv", "named_switch",
    "text_field", "offer",
}
KEYS_IN = {"refuse_unknown_keys", "needs", "one_of", "find", "rfind"}
NAMES_IN = {"[", "note_place", "rect_of", "dlopen", "dlsym", "fputs", "print_stderr", "starts_with", "ends_with", "find"}
# Read like texts and are none that a language changes; each with its reason.
NOT_TRANSLATED = re.compile("|".join((
    r"Saccade",  # the program's name
    r"(Ctrl|Shift|Alt|Space|Esc|Del|Home|Tab)\b[, A-Za-z0-9+]*",  # keys, as they are printed on keyboards
    r"(heatmap|bars|side|picture|whole map)( B| difference)|present [a-z]+|place \{\}\{\}|open own|Switch model|find next|(lesson|inspector|views) of ",  # places
)))


def unwrapped(root, rooms):
    for path in sources(root, True):
        place = os.path.relpath(path, root)
        if place.split(os.sep)[1] not in rooms or NO_TEXT_FILES.match(place):
            continue
        with open(path, encoding="utf-8") as file:
            tokens = tokens_of(file.read())
        around = []  # of each open bracket: the word before it, and the literals in it so far
        for i, token in enumerate(tokens):
            if token.kind == "sign" and token.text in OPEN:
                around.append([bracket_of(tokens, i), 0])
            elif token.kind == "sign" and token.text in CLOSE and around:
                around.pop()
            elif token.kind == "string" and re.search("[A-Za-z]{2}", token.text):
                literals = around[-1][1] if around else 0
                if around:
                    around[-1][1] += 1
                words = [word for word, _ in around]
                if not reads_as_text(token.text) or is_no_text(token.text) or NOT_TRANSLATED.fullmatch(token.text)\
                        or token.text.startswith("##"):
                    continue
                if WRAPPERS & set(words) or NAMES_IN & set(words[-3:]) or (words and words[-1] in TAKES_NAME and literals == 0):
                    continue
                if tokens[i - 1].text in ("==", "!=") or (words and words[-1] == "format" and len(words) > 1 and words[-2] in TAKES_NAME):
                    continue
                yield f"{place}:{token.line}: shown and not wrapped, or a name that tools/translations.py should know: {quoted(token.text)}"


# What they write is for files and tests, not for people.
NO_TEXT_FILES = re.compile(r"src/ui/(state_dump|saved_view|preferences|recovery|desk_command|font_atlas|stand_ins|endings|imgui)[a-z_]*\.[ch]pp")


# --- catalogues ---

class Entry:
    def __init__(self, text, plural=None, context=None, places=()):
        self.text, self.plural, self.context, self.places = text, plural, context, list(places)
        self.translation, self.fuzzy, self.line = "", False, 0

    @property
    def key(self):
        return (self.context, self.text)


def read_po(text):
    """Entries by key, the header's included."""
    entries, current, field = {}, None, None

    def finish():
        nonlocal current
        if current is not None and "msgid" in current:
            entry = Entry(current["msgid"], current.get("msgid_plural"), current.get("msgctxt"), current["places"])
            entry.translation = current.get("msgstr", current.get("msgstr[0]", ""))
            entry.fuzzy, entry.line = current["fuzzy"], current["line"]
            entries[entry.key] = entry
        current = None

    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            finish()
            field = None
            continue
        if current is None:
            current = {"places": [], "fuzzy": False, "line": number}
        if line.startswith("#"):
            if line.startswith("#:"):
                current["places"] += line[2:].split()
            current["fuzzy"] |= line.startswith("#,") and "fuzzy" in line
            continue
        match = re.match(r'(msgid_plural|msgid|msgctxt|msgstr(?:\[\d\])?)\s+"(.*)"$', line)
        if match:
            field = match[1]
            current[field] = decoded(match[2])
        elif line.startswith('"') and field:
            current[field] += decoded(line[1:-1])
    finish()
    return entries


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


def written_po(header, entries):
    out = [header.rstrip("\n"), ""]
    for entry in sorted(entries, key=lambda e: (e.text.lower(), e.text, e.context or "")):
        if entry.context is not None:
            out.append("msgctxt " + quoted(entry.context))
        out.append("msgid " + quoted(entry.text))
        if entry.plural is not None:
            out += ["msgid_plural " + quoted(entry.plural), "msgstr[0] " + quoted(entry.translation)]
        else:
            out.append("msgstr " + quoted(entry.translation))
        out.append("")
    return "\n".join(out)


def sources(root, wrapped):
    for path in sorted(glob.glob(os.path.join(root, "src", "**", "*.[ch]pp"), recursive=True)):
        room = os.path.relpath(path, os.path.join(root, "src")).split(os.sep)[0]
        if (room in WRAPPED_ROOMS or room.endswith("pp")) == wrapped:
            yield path


def alone_in(place):
    """What the brackets belong to whose texts alone are for people in that file; None: all are."""
    return "Error" if ERRORS_ALONE.match(place) else "claim_whether" if CLAIMS_ALONE.match(place) else None


def texts_of(root):
    """Everything that is to be translated: entries by key."""
    found = {}
    files = list(sources(root, True)) + list(sources(root, False))
    made = subprocess.run(["xgettext", "--language=C++", "--from-code=UTF-8", "--keyword", *(f"--keyword={k}" for k in KEYWORDS),
                           "--no-wrap", "--output=-", *(os.path.relpath(f, root) for f in files)],
                          cwd=root, check=True, capture_output=True, text=True).stdout
    for key, entry in read_po(made).items():
        if entry.text:
            found[key] = entry
    for path in files:
        place = os.path.relpath(path, root)
        if NO_TEXTS.match(place):
            continue
        with open(path, encoding="utf-8") as file:
            for text, line in texts_below(file.read(), alone_in(place), place.endswith("viz/view_options.cpp")):
                if (None, text) not in found and not is_no_text(text):
                    found[(None, text)] = Entry(text)
                if (None, text) in found:
                    found[(None, text)].places.append(f"{place}:{line}")
    for path in sorted(glob.glob(os.path.join(root, "assets", "models", "*.json"))):
        with open(path, encoding="utf-8") as file:
            card = json.load(file)
        for name in ("title", "licence"):
            if card.get(name):
                found.setdefault((None, card[name]), Entry(card[name])).places.append(f"{os.path.relpath(path, root)}:1")
    return found


# Lessons have both languages, but for what they say of their claims when these are checked; arithmetic has faults that nobody can cause; a page says on itself what it is written in.
CLAIMS_ALONE = re.compile(r"src/exhibit/[a-z_]*lesson\.cpp")
NO_TEXTS = re.compile(r"src/((tensor|autograd|nn)/|viz/page_script\.cpp)")


NAME = re.compile(r"[a-z0-9]+([._/-][A-Za-z0-9]+)+$")  # of a tensor, a file, a model
FORMULA = re.compile(r"[=_∂Σ√‖·∘/^\[]")
WORD = re.compile(r"(?<![\w.])[A-Za-z]{3,}(?![\w(\[.])")
MARKUP = re.compile(r'="|</|-src |<!DOCTYPE|^<[a-z]+>$|^--[a-z]+$|\] = |where\(|^ *(--)?\{:<|else \(|^attended_')
FONT = re.compile(r"(Noto|DejaVu|WenQuanYi|Source Han|Liberation|Inter)( [A-Z][A-Za-z]*)*$")
PAPER = re.compile(r"[A-Z][^0-9:]* \d{4}[a-z]?(; [A-Z][^0-9:]* \d{4})*$")


def is_no_text(text):
    plain = re.sub(r"\{[^{}]*\}", "", text)
    if not re.search("[A-Za-z]{2}", plain) or "{{" in text:
        return True
    if NAME.match(plain) or PAPER.match(plain) or MARKUP.search(text) or FONT.match(text):
        return True
    return bool(FORMULA.search(plain)) and not WORD.search(plain)


# --- faults ---

def places_in(text):
    """What stands in the places of a format string, whichever way they are numbered; sorted, as a translation may order them."""
    found = re.findall(r"\{(\d*)((?::[^{}]*)?)\}", text.replace("{{", "").replace("}}", ""))
    return sorted((number or str(i), spec) for i, (number, spec) in enumerate(found))


def same_places(english, translation):
    """The same values; but "cell{}" is a plural, which the translation may leave out."""
    wanted, given = places_in(english), places_in(translation)
    plurals = [(str(i), "") for i, m in enumerate(re.finditer(r"\{[^{}]*\}", english)) if re.search("[a-z]$", english[:m.start()])]
    return all(g in wanted for g in given) and all(w in given or w in plurals for w in wanted)


def faults_of(root, po_text, name, terms):
    entries, texts = read_po(po_text), texts_of(root)
    for key, entry in sorted(texts.items(), key=lambda item: item[1].places[0]):
        where, known = entry.places[0], entries.get(key)
        if known is None or not known.translation:
            yield f"{where}: not translated in {name}: {quoted(entry.text)}"
        elif known.fuzzy:
            yield f"{name}:{known.line}: marked as fuzzy: {quoted(entry.text)}"
        elif not same_places(known.text, known.translation):
            yield f"{name}:{known.line}: not the places of the English: {quoted(known.translation)}"
    for key, entry in entries.items():
        if entry.text and key not in texts:
            yield f"{name}:{entry.line}: nothing in src/ says this any more: {quoted(entry.text)}"
        yield from (f"{name}:{entry.line}: {fault}" for fault in term_faults(entry, terms))


def read_terms(path):
    """Rows of a table "| English | Chinese, also Chinese | not |" as (pattern, allowed, refused)."""
    with open(path, encoding="utf-8") as file:
        rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in file if line.startswith("| ")]
    return [(re.compile(r"(?<![\w-])" + row[0] + r"(?![\w-])", re.I), [w for w in row[1].split(", ") if w],
             [w for w in row[2].split(", ") if w]) for row in rows[1:] if not set(row[0]) <= set("- ")]


def term_faults(entry, terms):
    if entry.translation == entry.text:
        return
    for pattern, allowed, refused in terms:
        if not pattern.search(entry.text):
            continue
        if not any(word in entry.translation for word in allowed) and not pattern.search(entry.translation):  # a name stays as it is
            yield f"{pattern.pattern} is one of {', '.join(allowed)} here: {quoted(entry.translation)}"
        for word in refused:
            if word in entry.translation:
                yield f"{word} is not the word for {pattern.pattern}: {quoted(entry.translation)}"


def catalogues(root):
    for path in sorted(glob.glob(os.path.join(root, "assets", "translations", "*.po"))):
        with open(path, encoding="utf-8") as file:
            yield path, file.read()


def check(root):
    terms = read_terms(os.path.join(root, "assets", "translations", "terms.md"))
    faults = []
    for path, text in catalogues(root):
        faults += faults_of(root, text, os.path.relpath(path, root), terms)
    return faults + list(unwrapped(root, ("ui",)))


def update(root):
    texts = texts_of(root)
    for path, text in catalogues(root):
        header, known = text.split("\n\n")[0], read_po(text)
        for key, entry in texts.items():
            if key in known and (known[key].plural or None) == (entry.plural or None):
                entry.translation = known[key].translation
        with open(path, "w", encoding="utf-8") as file:
            file.write(written_po(header, texts.values()))
        print(f"{os.path.relpath(path, root)}: {sum(not e.translation for e in texts.values())} of {len(texts)} to translate")


def self_test():
    source = 'void f() {\n    label(tr("Undo"));\n    tell(tr("{} of {}", 1, 2));\n}\n'
    below = 'Error e(ErrorCode::io, path + ": no such file", "check the path");\n'
    po = """msgid ""\nmsgstr "Plural-Forms: nplurals=1; plural=0;\\n"\n
msgid "Undo"\nmsgstr "撤销"\n\nmsgid "{} of {}"\nmsgstr "共 {1} 个，第 {0} 个"\n
msgid "{}: no such file"\nmsgstr "{}：没有这个文件"\n\nmsgid "check the path"\nmsgstr "请检查路径"\n"""
    terms = "| English | Chinese | not |\n|---|---|---|\n| heads? | 头 | 首部 |\n"
    planted = {
        "a text without a translation": (source + 'g(tr("Redo"));\n', below, po, 'src/ui/panel.cpp:5: not translated'),
        "an error without one": (source, below + 'throw Error(ErrorCode::io, "no more of " + name);\n', po, "src/io/file.cpp:2: not translated"),
        "what a claim found without one": (source, below, po, "src/exhibit/one_lesson.cpp:2: not translated"),
        "an unfinished one": (source, below, po.replace('msgid "Undo"', '#, fuzzy\nmsgid "Undo"'), "marked as fuzzy"),
        "a lost place": (source, below, po.replace("第 {0} 个", "第一个"), "not the places"),
        "one of another kind": (source, below, po.replace("{0}", "{0:d}"), "not the places"),
        "one that nothing says": (source, below, po + '\nmsgid "Redo"\nmsgstr "重做"\n', "nothing in src/ says this"),
        "another word for a term": (source + 'g(tr("All heads"));\n', below, po + '\nmsgid "All heads"\nmsgstr "全部首部"\n', "heads?"),
        "a text that is not wrapped": (source + 'label("Nothing to undo");\n', below, po, "src/ui/panel.cpp:5: shown and not wrapped"),
    }
    for plant, (ui, io, catalogue, expected) in {None: (source, below, po, None), **planted}.items():
        with tempfile.TemporaryDirectory() as root:
            claim = 'title = "A lesson of two";\nreturn claim_whether("w", 2, w > 1, fmt::format("{:.2f} without it", w));\n'
            lesson = claim if plant == "what a claim found without one" else 'title = "A lesson of two";\n'
            for path, text in {"src/ui/panel.cpp": ui, "src/io/file.cpp": io, "src/exhibit/one_lesson.cpp": lesson, "assets/translations/zh.po": catalogue,
                               "assets/translations/terms.md": terms}.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            faults = check(root)
            if bool(faults) != bool(plant) or (plant and not any(expected in fault for fault in faults)):
                sys.exit(f"translations: self-test: with {plant} planted, found {faults}")
    print(f"translations: self-test: {len(planted)} faults planted and found")


def main():
    command = sys.argv[1:]
    if command == ["list"]:
        for entry in sorted(texts_of(ROOT).values(), key=lambda e: e.places[0]):
            print(f"{entry.places[0]}: {quoted(entry.text)}")
    elif command == ["update"]:
        update(ROOT)
    elif command == ["check", "--self-test"]:
        self_test()
    elif command == ["check"]:
        faults = check(ROOT)
        for fault in faults:
            print(fault)
        if faults:
            sys.exit(f"translations: {len(faults)} faults")
        print(f"translations: {len(texts_of(ROOT))} texts, all translated")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
