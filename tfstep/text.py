"""Every text of the program, in both languages, where it is used.

A `Bilingual` holds the English and the Chinese of one message side by side, so that neither can be
forgotten, and is turned into words only when it is shown, in the language chosen by then:

    >>> str(Text("head {n} of {of}", "第 {n} 头，共 {of} 头", n=1, of=2))
    'head 1 of 2'
"""

from __future__ import annotations

import locale
import os
import re
from collections.abc import Mapping
from typing import Any

LANGUAGES = ("en", "zh")
_CONTROL = (
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
    r"|(?<![\u0600-\u109f\u1780-\u18af\ufe0f\U0001f000-\U0001faff])[\u200c\u200d]"  # what joins no emoji, no letters
)  # compiled where a text needs it, which takes milliseconds


def printable(text: str, json: bool = False) -> str:
    """The text with its control characters by their code, in ``json`` as that has them: what may go to a terminal, a
    picture or a page."""
    if all(map(str.isprintable, text.split("\n"))):
        return text
    return re.sub(_CONTROL, lambda found: _code(ord(found.group()), json), text)


def _code(code: int, json: bool) -> str:
    return f"\\x{code:02x}" if code < 256 and not json else f"\\u{code:04x}"


_language = "en"


def set_language(language: str) -> None:
    """Choose the language of every text shown from now on: ``en`` or ``zh``."""
    global _language
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r}: one of {', '.join(LANGUAGES)}")
    _language = language


def language() -> str:
    """The language in which texts are shown now."""
    return _language


def locale_language(environ: Mapping[str, str] = os.environ) -> str:
    """The language that the environment asks for: ``zh`` for a Chinese locale, else ``en``."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environ.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "zh" if (locale.getlocale()[0] or "").lower().startswith(("zh", "chinese")) else "en"


class Bilingual:
    """One message in both languages; ``{name}`` marks a place that ``values`` fill."""

    __slots__ = ("en", "values", "zh")

    def __init__(self, en: str, zh: str, **values: Any) -> None:
        self.en, self.zh, self.values = en, zh, values

    @classmethod
    def of(cls, texts: Mapping[str, str] | str) -> Bilingual:
        """A text from a scenario or lesson file: one string, or one per language. It has no places."""
        if isinstance(texts, str):
            texts = {"en": texts, "zh": texts}
        any_of = next(iter(texts.values()), "")
        en, zh = (printable(texts.get(lang, any_of)).replace("{", "{{").replace("}", "}}") for lang in LANGUAGES)
        return cls(en, zh)

    def in_(self, language: str) -> str:
        """The words in one language."""
        template = self.zh if language == "zh" else self.en
        return template.format(**self.values)

    def __str__(self) -> str:
        return self.in_(_language)

    def __repr__(self) -> str:
        return f"Text({self.en!r})"


class Template:
    """Words in both languages with places that are filled in later, such as a formula; ``str`` gives those of the
    chosen language."""

    __slots__ = ("en", "zh")

    def __init__(self, en: str, zh: str) -> None:
        self.en, self.zh = en, zh

    @classmethod
    def of(cls, text: str) -> Template:
        """Words that are the same in both languages."""
        return cls(text, text)

    def around(self, before: str, names: Mapping[str, str]) -> Template:
        """The words behind some that both languages share, with their places filled."""
        cls = type(self)
        return cls(before + self.en.format_map(names), before + self.zh.format_map(names))

    def in_(self, language: str) -> str:
        """The words in one language, their places open."""
        return self.zh if language == "zh" else self.en

    def __str__(self) -> str:
        return self.in_(_language)

    def __repr__(self) -> str:
        return f"Template({self.en!r})"
