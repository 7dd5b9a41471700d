"""Draw the pictures of the screen, from the program itself: `python docs/pictures/make.py [NAME…]`.

The same program draws the same bytes; a test compares them with what lies here.
"""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import tfstep
from tfstep.commands.language.session import Session
from tfstep.faces.tui.app import Debugger
from tfstep.faces.tui.lesson.app import LessonApp
from tfstep.faces.tui.lesson.start import opened
from tfstep.faces.tui.style.palette import DARK, LIGHT
from tfstep.lessons.format.catalog import load_lesson, scenario_of
from tfstep.lessons.player.progress import Progress
from tfstep.text import language, set_language

HERE = Path(__file__).resolve().parent
SPACE, CELL = "&#160;", 12.2
TEXT = re.compile(r'(<text class="[^"]*" x=")([\d.]+)(" y="[\d.]+" textLength=")([\d.]+)("[^>]*>)([^<]*)</text>')


@dataclass(frozen=True)
class Picture:
    """One picture: the scenario, the lines that are run first, the keys that are pressed then, and how it looks.

    ``lesson`` names a lesson that is read instead.
    """

    name: str
    scenario: str
    lines: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    language: str = "en"
    size: tuple[int, int] = (112, 32)
    lesson: str = ""
    theme: str = DARK.name
    colour: bool = True


def at(path: str) -> tuple[str, ...]:
    """To stand at a tensor."""
    return (f"goto {path}",)


EDIT = ("shift+tab", "shift+tab", "plus", "plus", "plus")
PICTURES = (
    Picture("step", "wo-ai-ni", at("enc0.attn.scores"), ("right",)),
    Picture("step.zh", "wo-ai-ni", at("enc0.attn.scores"), ("right",), "zh"),
    Picture("inside", "wo-ai-ni", at("enc0.attn.weights"), ("s", "s", "s", "right")),
    Picture("gradient", "wo-ai-ni", at("enc0.attn.scores.grad"), ("down",)),
    Picture("gradient.zh", "wo-ai-ni", at("enc0.attn.scores.grad"), ("down",), "zh"),
    Picture("both", "wo-ai-ni", at("enc0.attn.weights"), ("right",), size=(160, 48)),
    Picture("both.zh", "wo-ai-ni", at("enc0.attn.weights"), ("right",), "zh", (160, 48)),
    Picture("edit", "wo-ai-ni", at("enc0.attn.q_proj"), EDIT),
    Picture("edit.zh", "wo-ai-ni", at("enc0.attn.q_proj"), EDIT, "zh"),
    Picture("masks", "padding", at("enc0.attn.weights"), ("end",), size=(136, 32)),
    Picture("variants", "wo-ai-ni", at("enc0.attn.weights"), ("v", "d", "d"), size=(136, 32)),
    Picture("variants.zh", "wo-ai-ni", at("enc0.attn.weights"), ("v", "d", "d"), "zh", (136, 32)),
    Picture("cross", "steve-builds-a-house", ("train 200", *at("dec0.cross.weights")), size=(136, 32)),
    Picture("cross.zh", "steve-builds-a-house", ("train 200", *at("dec0.cross.weights")), (), "zh", (136, 32)),
    Picture("landscape", "hill", ("train 20", "landscape x y"), size=(100, 30)),
    Picture("landscape.zh", "hill", ("train 20", "landscape x y"), (), "zh", (100, 30)),
    Picture("lesson", "attention", (), ("enter",), size=(136, 36), lesson="attention"),
    Picture("lesson.zh", "attention", (), ("enter",), "zh", (136, 36), lesson="attention"),
    Picture("heads", "multi-head", at("enc0.attn.weights"), ("H",), size=(136, 32)),
    Picture("narrow", "wo-ai-ni", at("enc0.attn.scores"), ("right",), "zh", (80, 24)),
    Picture("light", "wo-ai-ni", at("enc0.attn.scores"), ("right",), theme=LIGHT.name),
    Picture("no-colour", "padding", at("enc0.attn.weights"), ("end",), size=(136, 32), colour=False),
)


async def draw(picture: Picture) -> str:
    """The picture as SVG."""
    before = language()
    set_language(picture.language)
    with TemporaryDirectory() as folder:
        try:
            app = lesson_of(picture, Path(folder)) if picture.lesson else debugger_of(picture)
            app.theme = picture.theme
            async with app.run_test(size=picture.size) as pilot:
                await pilot.pause()
                for line in picture.lines:
                    app.perform(line)
                    await app.workers.wait_for_complete()
                    await pilot.pause()
                app.state.status = ()
                await pilot.press(*picture.keys)
                await app.workers.wait_for_complete()
                app.state.camera.settle()  # as when nobody has pressed a key for a while
                app.redraw()
                await pilot.pause()
                title = f"tfstep learn {picture.lesson}" if picture.lesson else f"tfstep run {picture.scenario}"
                return lean(app.export_screenshot(title=title, simplify=True))
        finally:
            set_language(before)


def debugger_of(picture: Picture) -> Debugger:
    """The screen of a scenario."""
    return Debugger(tfstep.Session(tfstep.load(picture.scenario)), colour=picture.colour)


def lesson_of(picture: Picture, folder: Path) -> Debugger:
    """The screen of a lesson that nobody has begun yet."""
    lesson = load_lesson(picture.lesson)
    progress = Progress(folder / "progress.json")
    return LessonApp(opened(lesson, Session(scenario_of(lesson)), progress), progress)


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
