"""Draw the pictures of the screen, from the program itself: `python docs/pictures/make.py [NAME…]`.

The same program draws the same bytes; a test compares them with what lies here.
"""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import tfstep
from tfstep.faces.tui.app import Debugger
from tfstep.text import language, set_language

HERE = Path(__file__).resolve().parent
SPACE, CELL = "&#160;", 12.2
TEXT = re.compile(r'(<text class="[^"]*" x=")([\d.]+)(" y="[\d.]+" textLength=")([\d.]+)("[^>]*>)([^<]*)</text>')


@dataclass(frozen=True)
class Picture:
    """One picture: the scenario, where it starts, the keys that are pressed, the language, the size."""

    name: str
    scenario: str
    at: str
    keys: tuple[str, ...] = ()
    language: str = "en"
    size: tuple[int, int] = (112, 32)


PICTURES = (
    Picture("step", "wo-ai-ni", "enc0.attn.scores", ("right",)),
    Picture("inside", "wo-ai-ni", "enc0.attn.weights", ("s", "s", "s", "right")),
    Picture("gradient", "wo-ai-ni", "enc0.attn.scores.grad", ("down",)),
    Picture("edit", "wo-ai-ni", "enc0.attn.q_proj", ("shift+tab", "shift+tab", "plus", "plus", "plus")),
    Picture("masks", "padding", "enc0.attn.weights", ("end",), size=(136, 32)),
    Picture("variants", "wo-ai-ni", "enc0.attn.weights", ("v", "d", "d")),
    Picture("step.zh", "wo-ai-ni", "enc0.attn.scores", ("right",), "zh"),
)


async def draw(picture: Picture) -> str:
    """The picture as SVG."""
    before = language()
    set_language(picture.language)
    try:
        session = tfstep.Session(tfstep.load(picture.scenario))
        session.run(f"goto {picture.at}")
        app = Debugger(session)
        async with app.run_test(size=picture.size) as pilot:
            await pilot.pause()
            if picture.keys:
                await pilot.press(*picture.keys)
            await pilot.pause()
            return lean(app.export_screenshot(title=f"tfstep run {picture.scenario}", simplify=True))
    finally:
        set_language(before)


def lean(svg: str) -> str:
    """Without fonts from elsewhere: a reader's own will do, and a page that shows it asks nobody."""
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = TEXT.sub(indented, svg)
    svg = svg.replace("Fira Code, monospace", "Fira Code, DejaVu Sans Mono, Noto Sans Mono CJK SC, monospace")
    return "\n".join(text.rstrip() for text in svg.splitlines()) + "\n"


def indented(match: re.Match[str]) -> str:
    """A piece of text without the spaces around it, at its place: some renderers drop them."""
    before, x, between, cells, after, text = match.groups()
    inner = text
    while inner.startswith(SPACE):
        inner = inner.removeprefix(SPACE)
    left = (len(text) - len(inner)) // len(SPACE)
    while inner.endswith(SPACE):
        inner = inner.removesuffix(SPACE)
    right = (len(text) - len(inner)) // len(SPACE) - left
    if not inner:
        return ""
    at, long = float(x) + left * CELL, float(cells) - (left + right) * CELL
    return f"{before}{at:.5g}{between}{long:.5g}{after}{inner}</text>"


def main(names: list[str]) -> None:
    """Draw those that are named, or all."""
    for picture in PICTURES:
        if not names or picture.name in names:
            (HERE / f"{picture.name}.svg").write_text(asyncio.run(draw(picture)), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
