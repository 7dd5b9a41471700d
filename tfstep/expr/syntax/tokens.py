"""From the text of an expression to its tokens: numbers, dotted words, names in backquotes, labels, symbols."""

from __future__ import annotations

import re
import unicodedata

from msgspec import Struct

from tfstep.errors import ExpressionError
from tfstep.text import Bilingual

LENGTH = 2000  # characters that an expression may have
_DIGITS = 40  # characters that a number may have
_TOKEN = re.compile(
    r"""\s+
    |(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<word>(?:\$\w+|[^\W\d]\w*)(?:\.\w+)*)
    |(?P<quoted>`[^`]*`)
    |(?P<string>'[^']*'|"[^"]*")
    |(?P<symbol>\.\.\.|\*\*|==|!=|<=|>=|//|:=|&&|\|\||[^\w\s])""",
    re.VERBOSE,
)
_SYMBOLS = frozenset(("...", "**", "==", "!=", "<=", ">=", *"+-*/@<>()[],:=."))
_INSTEAD = {
    "//": Bilingual(
        "`/` always divides; for the whole part write floor(a / b)", "`/` 就是除法；要取整请写 floor(a / b)"
    ),
    "%": Bilingual("for the remainder write a - b*floor(a / b)", "要取余数请写 a - b*floor(a / b)"),
    "^": Bilingual("a power is written a**b", "乘方写作 a**b"),
    "&": Bilingual("write `and`", "请写 `and`"),
    "&&": Bilingual("write `and`", "请写 `and`"),
    "|": Bilingual("write `or`", "请写 `or`"),
    "||": Bilingual("write `or`", "请写 `or`"),
    "~": Bilingual("write `not`", "请写 `not`"),
    "!": Bilingual("write `not`, or != for unequal", "请写 `not`；不等写作 !="),
    ":=": Bilingual("nothing can be assigned here; == compares", "这里不能赋值；比较写作 =="),
    "×": Bilingual("write a*b", "请写 a*b"),
    "·": Bilingual("write a*b", "请写 a*b"),
    "−": Bilingual("write -, the minus sign of the keyboard", "请写 -，即键盘上的减号"),
    "`": Bilingual("the second backquote is missing", "缺少后一个反引号"),
    "'": Bilingual("the second quote is missing", "缺少后一个引号"),
    '"': Bilingual("the second quote is missing", "缺少后一个引号"),
    "{": Bilingual(
        "{{i}} stands in the equations of a scenario whose model has `repeat: {{i: 3}}`",
        "{{i}} 只用在场景的方程里，且 model 中要有 `repeat: {{i: 3}}`",
    ),
    "$": Bilingual("a value is named $_, $1 or $name", "保存的值写作 $_、$1 或 $name"),
}


class Token(Struct, frozen=True):
    """``kind`` is number, word, quoted, string, symbol or end; ``text`` is without its quotes."""

    kind: str
    text: str
    column: int


def tokens(text: str) -> list[Token]:
    """The tokens of a text, the last of kind ``end``. Raises ExpressionError."""
    if len(text) > LENGTH:
        raise ExpressionError(
            Bilingual(
                "the expression has {n} characters; at most {most} are read",
                "表达式有 {n} 个字符；最多读取 {most} 个",
                n=len(text),
                most=LENGTH,
            ),
            LENGTH,
        )
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:  # a digit or a combining mark that no number or name begins with
            raise _strange(text[at], at)
        if match.lastgroup is not None:
            found.append(_token(match.lastgroup, match.group(), at))
        at = match.end()
    return [*found, Token("end", "", len(text))]


def _token(kind: str, text: str, at: int) -> Token:
    if kind == "symbol" and text not in _SYMBOLS:
        raise _strange(text, at)
    if kind == "number" and len(text) > _DIGITS:
        raise ExpressionError(
            Bilingual(
                "a number of {n} characters; at most {most} are read",
                "这个数有 {n} 个字符；最多读取 {most} 个",
                n=len(text),
                most=_DIGITS,
            ),
            at,
        )
    if kind == "word":
        _check_word(text, at)
    return Token(kind, text[1:-1] if kind in ("quoted", "string") else text, at)


def _check_word(word: str, at: int) -> None:
    """A name is written in one way only, and none begins with two underscores."""
    plain = unicodedata.normalize("NFKC", word)
    if plain != word:
        raise ExpressionError(
            Bilingual(
                "{word} only looks like {plain}; write {plain}",
                "{word} 只是看起来像 {plain}；请写 {plain}",
                word=word,
                plain=plain,
            ),
            at,
        )
    if "__" in (part[:2] for part in word.split(".")):
        raise ExpressionError(
            Bilingual(
                "{word}: no name begins with two underscores; what a tensor has is .T .grad .new .shape .ndim .size",
                "{word}：没有以两个下划线开头的名称；张量只有 .T .grad .new .shape .ndim .size",
                word=word,
            ),
            at,
        )


def _strange(character: str, at: int) -> ExpressionError:
    """The error for a character that has no meaning here, with the one that was probably meant."""
    plain = unicodedata.normalize("NFKC", character)
    hint = _INSTEAD.get(character)
    if hint is None and plain != character and (plain in _SYMBOLS or plain.isalnum()):
        hint = Bilingual("write {plain}", "请写 {plain}", plain=plain)
    shown = character if character.isprintable() else f"U+{ord(character[0]):04X}"
    return ExpressionError(
        Bilingual(
            "{shown} has no meaning in an expression; {hint}",
            "{shown} 在表达式里没有意义；{hint}",
            shown=shown,
            hint=hint or Bilingual("there are + - * / @ ** == < > [ ] ( )", "可用的有 + - * / @ ** == < > [ ] ( )"),
        ),
        at,
    )
