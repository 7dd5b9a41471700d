"""Lines of the debugger's language, taken apart: the command, what follows it, comments."""

from __future__ import annotations

import re

from tfstep.errors import CommandError, NoCommandError
from tfstep.text import Bilingual

_WORD = re.compile(r"[A-Za-z][A-Za-z-]*")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_OPEN_QUOTES = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|[‘’][^‘’]*[‘’]|[“”][^“”]*[“”]")
_HALF = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {0x3000: " ", ord("、"): ",", ord("。"): "."}
_QUOTES = str.maketrans("‘’“”", "''\"\"")
_VALUE = ("print", "p", "output", "expect")  # a bracket may follow these at once: print(1+2)
LONGEST = 20_000  # characters of one line; a matrix typed in is shorter


def split(line: str) -> tuple[str, str]:
    """The command's word and the rest of the line; ``("", "")`` for an empty line or a comment.

    Raises CommandError for a line that does not begin with a word, or is too long.
    """
    line = without_comment(line).strip()
    if not line:
        return "", ""
    plain = half_width(line)
    if len(line) > LONGEST:
        raise CommandError(
            Bilingual(
                "a line of {n} characters; at most {most}",
                "一行有 {n} 个字符；最多 {most} 个",
                n=len(line),
                most=LONGEST,
            )
        )
    match = _WORD.match(plain)
    after = "" if match is None else plain[match.end() : match.end() + 1]
    if match is None or not (after in ("", " ", "\t") or (after == "(" and match[0] in _VALUE)):
        raise NoCommandError(
            Bilingual(
                "{first!r} is not a command (`help` lists them); `print {line}` shows a value",
                "{first!r} 不是命令（`help` 列出全部命令）；要看一个值，用 `print {line}`",
                first=plain.split()[0][:40],
                line=plain[:60],
            ),
            Bilingual("this line begins with no command", "这一行不以命令开头"),
        )
    return match[0], line[match.end() :].strip()


def half_width(text: str) -> str:
    """What a Chinese input method types, as the ASCII that is meant, character by character: ``１．５``, ``（a，b）``,
    ``‘我’``, and ``、`` and ``。`` for the comma and the point. What stands in quotes is left as it is."""
    found, at = [], 0
    for quoted in _OPEN_QUOTES.finditer(text):
        inside = quoted[0]
        marks = inside[0].translate(_QUOTES), inside[-1].translate(_QUOTES)
        found += [text[at : quoted.start()].translate(_HALF), marks[0], inside[1:-1], marks[1]]
        at = quoted.end()
    return "".join(found) + text[at:].translate(_HALF)


def without_quotes(text: str) -> str:
    """The text with an x for every character in quotes."""
    return _QUOTED.sub(lambda m: "x" * len(m[0]), text)


def without_comment(line: str) -> str:
    """The line up to a ``#`` at its start or behind a space, quotes left alone: ``他#2`` is a word."""
    bare = without_quotes(line)
    for at, mark in enumerate(bare):
        if mark == "#" and (at == 0 or bare[at - 1] in " \t"):
            return line[:at]
    return line


def count(text: str, usage: str) -> int:
    """The ``[n]`` of a command: 1 where it is left out. Raises CommandError."""
    if not text:
        return 1
    if not text.isdecimal() or not 1 <= len(text) <= 9 or int(text) < 1:
        raise CommandError(
            Bilingual(
                "{text!r} is not a count; usage: {usage}",
                "{text!r} 不是次数；用法：{usage}",
                text=text[:40],
                usage=usage,
            )
        )
    return int(text)


def none(text: str, usage: str) -> None:
    """For a command that takes nothing. Raises CommandError."""
    if text:
        raise CommandError(
            Bilingual(
                "{text!r}: nothing may follow; usage: {usage}",
                "{text!r}：后面不能再有内容；用法：{usage}",
                text=text[:40],
                usage=usage,
            )
        )


def require_argument(text: str, usage: str) -> str:
    """For a command that needs an argument. Raises CommandError."""
    if not text:
        raise CommandError(Bilingual("something is missing; usage: {usage}", "缺少参数；用法：{usage}", usage=usage))
    return text


def leading_cell(text: str) -> tuple[str, list[str]]:
    """The cell at the start of a text, brackets with spaces in them included, and the words behind it."""
    head, bracket, rest = text.partition("[")
    if bracket and " " not in head.strip() and "]" in rest:
        inner, _, rest = rest.partition("]")
        return f"{head}[{inner}]", rest.split()
    words = text.split()
    return (words[0], words[1:]) if words else ("", [])


_TOGETHER = tuple("+-*/@")


def assignment(text: str, usage: str) -> tuple[str, str]:
    """Both sides of the ``=`` of ``TARGET = EXPR``. Raises CommandError."""
    bare = without_quotes(text)
    at = re.search(r"(?<![=<>!])=(?!=)", bare)
    if at is None:
        raise CommandError(Bilingual("there is no `=`; usage: {usage}", "缺少 `=`；用法：{usage}", usage=usage))
    left, right = text[: at.start()].strip(), text[at.end() :].strip()
    if bare[at.start() - 1 : at.start()] in _TOGETHER and left[:-1].strip() and right:
        raise _written_together(left[:-1].strip(), left[-1], right)
    if not left or not right:
        raise CommandError(
            Bilingual("one side of `=` is empty; usage: {usage}", "`=` 的一侧是空的；用法：{usage}", usage=usage)
        )
    return left, right


def _written_together(left: str, sign: str, right: str) -> CommandError:
    """What stands for ``left += right``, which is no assignment here."""
    whole = Bilingual(
        "there is no `{sign}=`; write `set {left} = {left} {sign} {right}`",
        "没有 `{sign}=`；写作 `set {left} = {left} {sign} {right}`",
        sign=sign,
        left=left,
        right=right if re.fullmatch(r"[\w.]+", right) else f"({right})",
    )
    if sign not in "+-" or not left.endswith("]") or not re.fullmatch(r"[\d.]+", right):
        return CommandError(whole)
    by = right if sign == "+" else f"-{right}"
    return CommandError(
        Bilingual("{whole}, or `nudge {left} {by}`", "{whole}，或 `nudge {left} {by}`", whole=whole, left=left, by=by)
    )
