"""Text from an app made safe to show: what cannot be seen, or changes what is seen, is spelled out.

Every name, value and quotation in a result may be hostile: an escape sequence drives the reader's terminal, a
bidirectional override makes ``gpj.exe`` read ``exe.jpg``, a zero-width character makes two host names look alike.
"""

import re

_SPACE_RUN = re.compile(r"[ \t\r\n\f\v\x85\u2028\u2029]+")
_BLANK_YET_PRINTABLE = frozenset(
    "\u034f"  # combining grapheme joiner
    "\u115f\u1160\u3164\uffa0"  # Hangul fillers
    "\u17b4\u17b5"  # Khmer inherent vowels
    "\u180b\u180c\u180d\u180f"  # Mongolian variation selectors
    "\u2800"  # blank braille pattern
    + "".join(map(chr, range(0xFE00, 0xFE10)))  # variation selectors
    + "".join(map(chr, range(0xE0100, 0xE01F0)))
)
"""Characters that `str.isprintable` admits although nothing is drawn for them."""
_COLON_COMMAND = re.compile(r"^((?:\s|\x1b\[[0-9;]*m)*)::(?=.*::)")
_HASH_COMMAND = re.compile(r"##(?=[A-Za-z]*\[)")
_MOST_MARKS = 4
"""Longest run of combining marks that is left alone; Vietnamese and Hebrew need three."""
_MARK = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)


def visible(text: str) -> str:
    """Return `text` on one line with every control, bidirectional and invisible character as ``⟨U+202E⟩``.

    Runs of white space that contain a line break or tab become one space. Characters in private use, unassigned
    ones, lone surrogates, spaces other than U+0020 and combining marks beyond the fourth in a row count as invisible.
    Applying it twice changes nothing.
    """
    folded = _SPACE_RUN.sub(_fold, text)
    if folded.isascii() and folded.isprintable():
        return folded
    shown: list[str] = []
    marks = 0
    for character in folded:
        marks = marks + 1 if _MARK.match(character) else 0
        if character.isprintable() and character not in _BLANK_YET_PRINTABLE and marks <= _MOST_MARKS:
            shown.append(character)
        else:
            shown.append(f"⟨U+{ord(character):04X}⟩")
    return "".join(shown)


def _fold(run: re.Match[str]) -> str:
    spaces = run.group()
    return spaces if spaces.isprintable() else " "


def visible_lines(text: str) -> str:
    """Do as `visible` does, but keep line breaks and write a tab as four spaces: for code and snippets."""
    return "\n".join(visible(line.replace("\t", "    ")) for line in re.split(r"\r\n|\r|\n", text))


def without_commands(line: str) -> str:
    """Defuse what a CI system would take for a command when it reads `line` of a log.

    GitHub's runner obeys ``::name …::`` at the start of a line, white space aside, and ``##[name]`` anywhere
    (actions/runner, ``ActionCommand``); Azure Pipelines obeys ``##vso[``, TeamCity ``##teamcity[``. The signs are
    replaced by others that look alike and are no wider.
    """
    return _HASH_COMMAND.sub("#⌗", _COLON_COMMAND.sub(r"\1∷", line))


def shorten(text: str, most: int) -> str:
    """Cut the middle out of a text longer than `most` characters, so that its start and end stay readable."""
    if len(text) <= most:
        return text
    kept = max(most - 1, 2)
    head = (kept + 1) // 2
    return f"{text[:head]}…{text[len(text) - (kept - head) :]}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun: ``1 finding``, ``3 findings``."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def join_words(words: list[str] | tuple[str, ...], last: str = "and") -> str:
    """Return ``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def as_sentence(text: str) -> str:
    """Return `text` with a full stop, unless it is empty or ends in a mark of its own."""
    return text if not text or text[-1] in ".!?…" else f"{text}."
