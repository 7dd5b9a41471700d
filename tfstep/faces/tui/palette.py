"""Colours: what each role of a text and each shade of a number looks like, in a dark and in a light theme."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from rich.color import Color
from rich.style import Style
from textual.theme import Theme

from tfstep.view.grid import CHANGED, CURSOR, HATCHED, LEVELS, LIT, PINNED


@dataclass(frozen=True)
class Palette:
    """The colours of one theme; ``less``, ``more`` and ``share`` are the far ends of the scales."""

    name: str
    dark: bool
    paper: str
    panel: str
    bar: str
    chosen: str
    ink: str
    faint: str
    strong: str
    accent: str
    key: str
    good: str
    bad: str
    was: str
    less: str
    more: str
    share: str
    on_accent: str


DARK = Palette(
    "tfstep-dark",
    True,
    paper="#0f141b",
    panel="#141b24",
    bar="#1b2632",
    chosen="#223147",
    ink="#c9d1d9",
    faint="#6f7a87",
    strong="#f0f4f8",
    accent="#ffb454",
    key="#59c2ff",
    good="#7fd962",
    bad="#f07178",
    was="#47546a",
    less="#2b6cb0",
    more="#b35c22",
    share="#2a8f7f",
    on_accent="#10141a",
)
LIGHT = Palette(
    "tfstep-light",
    False,
    paper="#fbfbf8",
    panel="#f2f2ee",
    bar="#e6e8ea",
    chosen="#d7e3f1",
    ink="#2b3138",
    faint="#7b848e",
    strong="#0c1116",
    accent="#b35900",
    key="#1769aa",
    good="#2e7d32",
    bad="#c62828",
    was="#a9b4c2",
    less="#7fb2e5",
    more="#eda46f",
    share="#7cc9ba",
    on_accent="#ffffff",
)
THEMES = {palette.name: palette for palette in (DARK, LIGHT)}


def theme_of(palette: Palette) -> Theme:
    """The same colours for Textual's own widgets."""
    return Theme(
        name=palette.name,
        dark=palette.dark,
        primary=palette.key,
        secondary=palette.key,
        accent=palette.accent,
        foreground=palette.ink,
        background=palette.paper,
        surface=palette.panel,
        panel=palette.bar,
        success=palette.good,
        error=palette.bad,
        warning=palette.accent,
        variables={"tf-chosen": palette.chosen, "tf-faint": palette.faint, "tf-bar": palette.bar},
    )


@lru_cache(maxsize=512)
def role(palette: Palette, name: str, chosen: bool = False, paper: str = "") -> Style:
    """How a part of a text looks; ``chosen`` is the one that Enter follows, ``paper`` the colour behind it."""
    ink = {
        "dim": palette.faint,
        "accent": palette.accent,
        "key": palette.key,
        "good": palette.good,
        "changed": palette.good,
        "bad": palette.bad,
        "note": palette.bad,
        "was": palette.was,
        "strong": palette.strong,
        "number": palette.strong,
    }.get(name, palette.ink)
    bold = name in ("accent", "strong", "key")
    back = palette.chosen if chosen else paper or None
    return Style(color=ink, bgcolor=back, bold=bold or chosen, underline=chosen)


@lru_cache(maxsize=4096)
def shade(palette: Palette, scale: str, level: int, marks: int, focused: bool, heat: bool) -> Style:
    """How one number looks: its size as the colour behind it, what is marked about it as weight and line."""
    if marks & CURSOR:
        if focused:
            return Style(color=palette.on_accent, bgcolor=palette.accent, bold=True)
        return Style(color=palette.accent, bgcolor=_back(palette, scale, level), bold=True, underline=True)
    back = _back(palette, scale, level)
    ink = palette.ink
    if heat:
        ink = _between(back, palette.strong, 0.45)
    if marks & HATCHED:
        ink = palette.faint
    if marks & LIT:
        ink = palette.strong
    if marks & (CHANGED | PINNED):
        ink = palette.good
    return Style(color=ink, bgcolor=back, bold=bool(marks & (LIT | PINNED)), underline=bool(marks & PINNED))


@lru_cache(maxsize=4096)
def mark_style(palette: Palette, scale: str, level: int, marks: int, focused: bool, bracket: bool) -> Style:
    """The sign beside a number: the bar of a lit cell, the ~ of a changed one. The brackets around the cursor
    have the colour of what is behind them: they are for screens without colour."""
    if marks & CURSOR and focused:
        return Style(color=palette.accent if bracket else palette.on_accent, bgcolor=palette.accent, bold=True)
    ink = palette.key if marks & LIT else palette.accent if marks & CURSOR else palette.good
    return Style(color=ink, bgcolor=_back(palette, scale, level), bold=True)


def _back(palette: Palette, scale: str, level: int) -> str:
    if level == 0:
        return palette.paper if scale == "whole" else _between(palette.paper, palette.bar, 0.6)
    end = palette.share if scale == "probability" else palette.more if level > 0 else palette.less
    return _between(palette.paper, end, 0.12 + 0.88 * abs(level) / LEVELS)


@lru_cache(maxsize=1024)
def _between(a: str, b: str, share: float) -> str:
    first, second = Color.parse(a).get_truecolor(), Color.parse(b).get_truecolor()
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(first, second, strict=True))
    return f"#{red:02x}{green:02x}{blue:02x}"
