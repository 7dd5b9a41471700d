"""Colours: what each role of a text and each shade of a number looks like, in a dark and in a light theme, and in one
of the sixteen colours that the terminal itself has been given."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct
from rich.color import Color
from rich.style import Style
from textual.theme import Theme

from tfstep.text import Bilingual
from tfstep.view.matrix.grid import CHANGED, CURSOR, HATCHED, LEVELS, LIT, PINNED, SPOKEN

SMALL, LARGE = 3, 6  # of the levels: with named colours, those whose ink, and those whose ground, has a colour
ON_NAMED = "bright_white"


class Palette(Struct, frozen=True):
    """The colours of one theme; ``less``, ``more`` and ``share`` are the far ends of the scales. ``named`` colours are
    those of the terminal: there are no shades between them."""

    name: str
    title: Bilingual
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
    changed: str
    was: str
    less: str
    more: str
    share: str
    on_accent: str
    named: bool = False


DARK = Palette(
    "tfstep-dark",
    Bilingual("dark", "深色"),
    True,
    paper="#0f141b",
    panel="#141b24",
    bar="#1b2632",
    chosen="#223147",
    ink="#c9d1d9",
    faint="#8794a3",
    strong="#f0f4f8",
    accent="#ffb454",
    key="#59c2ff",
    good="#7fd962",
    bad="#f07178",
    changed="#d2a6ff",
    was="#5d6d86",
    less="#2a5f9e",
    more="#9a4b1a",
    share="#1f766a",
    on_accent="#10141a",
)
LIGHT = Palette(
    "tfstep-light",
    Bilingual("light", "浅色"),
    False,
    paper="#fbfbf8",
    panel="#f2f2ee",
    bar="#e6e8ea",
    chosen="#d7e3f1",
    ink="#2b3138",
    faint="#5d666f",
    strong="#0c1116",
    accent="#964700",
    key="#14588f",
    good="#276a2b",
    bad="#b71c1c",
    changed="#7a2fa3",
    was="#8e9bab",
    less="#7fb2e5",
    more="#eda46f",
    share="#7cc9ba",
    on_accent="#ffffff",
)
TERMINAL = Palette(
    "tfstep-terminal",
    Bilingual("the terminal's own colours", "终端自己的配色"),
    True,
    paper="default",
    panel="default",
    bar="default",
    chosen="blue",
    ink="default",
    faint="bright_black",
    strong="default",
    accent="yellow",
    key="cyan",
    good="green",
    bad="red",
    changed="magenta",
    was="bright_black",
    less="blue",
    more="red",
    share="cyan",
    on_accent="black",
    named=True,
)
THEMES = {palette.name: palette for palette in (DARK, LIGHT, TERMINAL)}


_OF_INPUTS = {  # what Textual's own widgets ask of a theme of named colours
    "ansi-background": "ansi_default",
    "ansi-foreground": "ansi_default",
    "border-blurred": "ansi_default",
    "block-cursor-foreground": "ansi_bright_white",
    "block-cursor-background": "ansi_blue",
    "input-cursor-background": "ansi_default",
    "input-cursor-foreground": "ansi_default",
    "input-cursor-text-style": "reverse",
    "input-selection-background": "ansi_blue",
    "input-selection-foreground": "ansi_bright_white",
    "screen-selection-background": "ansi_blue",
    "screen-selection-foreground": "ansi_bright_white",
}


def theme_of(palette: Palette) -> Theme:
    """The same colours for Textual's own widgets."""

    def said(colour: str) -> str:
        return f"ansi_{colour}" if palette.named else colour

    return Theme(
        name=palette.name,
        dark=palette.dark,
        primary=said(palette.key),
        secondary=said(palette.key),
        accent=said(palette.accent),
        foreground=said(palette.ink),
        background=said(palette.paper),
        surface=said(palette.panel),
        panel=said(palette.bar),
        success=said(palette.good),
        error=said(palette.bad),
        warning=said(palette.accent),
        variables={
            "tf-chosen": said(palette.chosen),
            "tf-faint": said(palette.faint),
            "tf-bar": said(palette.bar),
            **(_OF_INPUTS if palette.named else {}),
        },
        ansi=palette.named,
    )


_SCALES = {
    "shade": "signed",
    "share": "probability",
    "height": "height",
    "way": "height",
    "here": "height",
    "shaded": "signed",
    "shared": "probability",
}
_CURVES = ("accent", "key", "good", "bad", "strong", "more", "less", "share")


@lru_cache(maxsize=512)
def role(palette: Palette, name: str, chosen: bool = False, paper: str = "") -> Style:
    """How a part of a text looks; ``chosen`` is the one that Enter follows, ``paper`` the colour behind it."""
    if name.startswith("half"):  # two cells of a picture, one above the other
        upper, _, lower = name.removeprefix("half").partition(":")
        return Style(color=_back(palette, "probability", int(upper)), bgcolor=_back(palette, "probability", int(lower)))
    if name[-1:].isdigit() and (scale := name.rstrip("0123456789").rstrip("-")) in _SCALES:
        level = int(name.removeprefix(scale))
        ink = palette.accent if scale == "way" else palette.strong if scale == "here" else ""
        ink = ink or _ink(palette, _SCALES[scale], level, scale not in ("shaded", "shared"))
        return Style(color=ink, bgcolor=_back(palette, _SCALES[scale], level), bold=scale in ("way", "here"))
    ink = {
        "dim": palette.faint,
        "accent": palette.accent,
        "key": palette.key,
        "good": palette.good,
        "changed": palette.changed,
        "bad": palette.bad,
        "note": palette.bad,
        "was": palette.was,
        "strong": palette.strong,
        "name": palette.strong,
        "number": palette.strong,
        "here": palette.strong,
        "less": palette.less,
        "more": palette.more,
        **{f"curve{k}": getattr(palette, each) for k, each in enumerate(_CURVES)},
    }.get(name, palette.ink)
    bold = name in ("accent", "strong", "name", "key", "here")
    back = palette.chosen if chosen else paper or None
    if palette.named and back == palette.chosen:
        ink = ON_NAMED
    return Style(color=ink, bgcolor=back, bold=bold or chosen, underline=chosen)


@lru_cache(maxsize=4096)
def shade(palette: Palette, scale: str, level: int, marks: int, focused: bool, heat: bool) -> Style:
    """How one number looks: its size as the colour behind it, what is marked about it as weight and line."""
    if marks & CURSOR:
        if focused:
            return Style(color=palette.on_accent, bgcolor=palette.accent, bold=True)
        return Style(color=palette.accent, bgcolor=_back(palette, scale, level), bold=True, underline=True)
    back, ink = _back(palette, scale, level), _ink(palette, scale, level, heat)
    if marks & HATCHED:
        ink = palette.faint
    if marks & LIT:
        ink = ink if palette.named else palette.strong
    if marks & (CHANGED | PINNED) and ink != ON_NAMED:
        ink = palette.changed
    if marks & SPOKEN:
        ink = palette.strong
    return Style(color=ink, bgcolor=back, bold=bool(marks & (LIT | PINNED | SPOKEN)), underline=bool(marks & PINNED))


@lru_cache(maxsize=4096)
def mark_style(palette: Palette, scale: str, level: int, marks: int, focused: bool, bracket: bool) -> Style:
    """The sign beside a number: the bar of a lit cell, the ~ of a changed one. The brackets around the cursor
    have the colour of what is behind them: they are for screens without colour."""
    if marks & CURSOR and focused:
        return Style(color=palette.accent if bracket else palette.on_accent, bgcolor=palette.accent, bold=True)
    ink = palette.key if marks & LIT else palette.accent if marks & (CURSOR | SPOKEN) else palette.changed
    return Style(color=ink, bgcolor=_back(palette, scale, level), bold=True)


def _back(palette: Palette, scale: str, level: int) -> str:
    """What is behind a number: the further from zero, the nearer to the end of the scale."""
    if palette.named:
        return _end(palette, scale, level) if abs(level) >= LARGE else palette.paper
    if level == 0:
        return palette.paper if scale == "whole" else _between(palette.paper, palette.bar, 0.6)
    return _between(palette.paper, _end(palette, scale, level), 0.12 + 0.88 * abs(level) / LEVELS)


def _ink(palette: Palette, scale: str, level: int, heat: bool) -> str:
    """The colour of a number, to be read on what is behind it."""
    if palette.named:
        return ON_NAMED if abs(level) >= LARGE else _end(palette, scale, level) if abs(level) >= SMALL else palette.ink
    if heat:
        return _between(_back(palette, scale, level), palette.strong, 0.1 if scale == "height" else 0.45)
    return palette.strong if palette.dark and abs(level) > LEVELS // 2 else palette.ink


def _end(palette: Palette, scale: str, level: int) -> str:
    return palette.share if scale in ("probability", "height") else palette.more if level > 0 else palette.less


@lru_cache(maxsize=1024)
def _between(a: str, b: str, share: float) -> str:
    first, second = Color.parse(a).get_truecolor(), Color.parse(b).get_truecolor()
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(first, second, strict=True))
    return f"#{red:02x}{green:02x}{blue:02x}"
