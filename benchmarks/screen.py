"""How long the screen takes from a key to the painted frame, and to its first step.

    python benchmarks/screen.py [--times 60] [--only WORDS] [--figures FILE]

A frame counts as painted when Textual has rendered what changed. Of a large model the first one after a key shows what is
known at once, and the last one all of it. Told is the processor's time: Textual itself paints
at most 60 times a second, and a busy machine is not the screen's doing. The start is that of a whole process without
a terminal, compared with bare Textual apps: one of as many widgets of Textual's own, each with a line of text, with
and without importing NumPy; and one of tfstep's own widgets with nothing to show, which loads what they import.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import math
import os
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import figures

import tfstep
from tfstep.faces.tui.app import Debugger
from tfstep.faces.tui.widgets.board import Board

ENCODER = """\
tfstep: 1
title: {{en: {name}, zh: {name}}}
model: {{kind: encoder, d_model: {d_model}, heads: {heads}, d_ff: {d_ff}, layers: {layers}}}
vocab: {{source: [<pad>, 我, 爱, 你], target: [我, 爱, 你]}}
input: {{source: {words}, labels: {words}}}
"""

LARGE = """\
tfstep: 1
title: {{en: large, zh: 大}}
model: {{kind: mlp, sizes: [4096, 4096], activation: identity, dtype: float32}}
input: {{x: [{xs}]}}
loss: {{kind: none}}
"""
WEIGHTS = ("shift+tab", "shift+tab")  # from the result to the weights

BARE = """
from textual.app import App
from textual.containers import Horizontal, Vertical
from textual.widgets import Static, Input, Label
class Bare(App):
    CSS = "#body {height: 1fr} #tree {width: 34}"
    def compose(self):
        yield Static("top", id="top")
        with Horizontal(id="body"):
            yield Static("tree", id="tree")
            with Vertical(id="step"):
                for name in ("heading", "board", "why", "since"):
                    yield Static(name, id=name)
        yield Static("status")
        with Horizontal():
            yield Label("sign")
            yield Input()
        yield Static("footer")
    def on_mount(self):
        self.call_after_refresh(self.exit)
Bare().run(headless=True, size=(120, 36))
"""
SAME = """
from pathlib import Path
import tfstep.faces.tui
from textual.app import App
from textual.containers import Horizontal, Vertical
from tfstep.faces.tui.widgets.board import Board
from tfstep.faces.tui.widgets.drawn import panel
from tfstep.faces.tui.style.palette import DARK, theme_of
from tfstep.faces.tui.widgets.prompt import Prompt
from tfstep.faces.tui.widgets.tree import Timeline
class Empty(App):
    CSS_PATH = Path(tfstep.faces.tui.__file__).with_name("app.tcss")
    def __init__(self):
        super().__init__()
        self.register_theme(theme_of(DARK))
        self.theme = DARK.name
    def compose(self):
        yield panel("top", "bar")
        with Horizontal(id="body"):
            yield Timeline(id="tree")
            with Vertical(id="step"):
                yield panel("heading", "paper")
                yield Board(id="board")
                yield panel("why", "panel")
                yield panel("since", "paper")
        yield panel("card", "chosen")
        yield panel("status", "bar")
        yield Prompt(id="prompt")
        yield panel("footer", "paper")
        yield panel("menu", "panel")
    def on_mount(self):
        for name in ("prompt", "menu"):
            self.query_one(f"#{name}").display = False
        self.query_one("#tree").styles.width = 28
        for name, lines in {"heading": 4, "board": 12, "why": 9}.items():
            self.query_one(f"#{name}").styles.height = lines
        self.call_after_refresh(self.exit)
Empty().run(headless=True, size=(120, 36))
"""
START = {
    "Static in place of each": BARE,
    "the same, and NumPy": "import numpy" + BARE,
    "the same widgets, empty": SAME,
    "tfstep": """
from tfstep.faces.cli.commands.work.run import open_screen
from tfstep.faces.cli.settings import Settings
_, scenario = open_screen(Settings(), "wo-ai-ni", None)
import tfstep
from tfstep.faces.tui.app import Debugger
app = Debugger(tfstep.Session(scenario))
painted = []
def end():
    lines = app.screen._compositor.render_strips()
    painted.extend("".join(each.text for each in line) for line in lines)
    app.exit()
app.call_later(lambda: app.call_after_refresh(end))
app.run(headless=True, size=(120, 36))
assert any("+1.00" in line for line in painted), painted
""",
}
AIMS = {"the same, and NumPy": 1.15}


def made(name: str, d_model: int, heads: int, layers: int = 1, words: int = 3) -> tfstep.Session:
    """A session on an encoder of this size."""
    text = ENCODER.format(
        name=name,
        d_model=d_model,
        heads=heads,
        d_ff=4 * d_model,
        layers=layers,
        words=" ".join("我爱你"[k % 3] for k in range(words)),
    )
    path = Path(tempfile.mkdtemp()) / f"{name}.yaml"
    path.write_text(text, "utf-8")
    return tfstep.Session(tfstep.load(path))


def large() -> tfstep.Session:
    """A session on one product with a matrix of 4096 × 4096."""
    xs = [round(math.sin(k), 3) for k in range(4096)]
    path = Path(tempfile.mkdtemp()) / "large.yaml"
    path.write_text(LARGE.format(xs=xs), "utf-8")
    return tfstep.Session(tfstep.load(path))


async def painted(
    session: tfstep.Session, at: str, keys: tuple[str, ...], times: int, first: Sequence[str]
) -> tuple[list[float], list[float]]:
    """Milliseconds from each of ``times`` presses, taken in turn from ``keys``, to the painted frame, and to the one that
    lacks nothing; ``first`` are keys that bring the cursor to its place."""
    session.run(f"goto {at}")
    app = Debugger(session)
    found, whole = [], []
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        await pilot.press(*first)
        over = max(app.query_one("#board", Board).placed, key=lambda placed: placed.grid.values.size)
        gc.collect()
        gc.freeze()
        for k in range(times + 3):
            start = time.process_time()
            if keys[k % len(keys)] in ("scroll down", "scroll up"):
                board = app.query_one("#board", Board)
                board.wheel(over.x + 2, over.y + 3, 3 if keys[k % len(keys)].endswith("down") else -3)
            else:
                app.simulate_key(keys[k % len(keys)])
            await settled(app)
            found.append((time.process_time() - start) * 1000)
            late = app.state.coming
            while app.state.coming:
                await asyncio.sleep(0.001)
                await settled(app)
            whole.append((time.process_time() - start) * 1000 if late else found[-1])
    return found[3:], whole[3:]


async def settled(app: Debugger) -> None:
    """Until the key was dealt with and what it changed was painted."""
    done = asyncio.Event()
    app.call_later(lambda: app.call_after_refresh(done.set))
    await done.wait()


def started(code: str, compiled: str) -> float:
    """Seconds that a fresh interpreter takes to paint its first frame and end, its modules compiled as installed ones
    are."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    environment["PYTHONPYCACHEPREFIX"] = compiled
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=environment)
    return time.perf_counter() - start


def starts(times: int, kept: figures.Figures) -> None:
    """Tell how long the start takes, beside bare apps, in turn."""
    found: dict[str, list[float]] = {name: [] for name in START}
    with tempfile.TemporaryDirectory() as compiled:
        for code in START.values():
            started(code, compiled)
        for _ in range(times):
            for name, code in START.items():
                found[name].append(started(code, compiled))
    for name in START:
        kept.add("start to the first frame", name, [each * 1000 for each in found[name]], "ms")
    for name in START:
        if name != "tfstep":
            ratios = [ours / bare for ours, bare in zip(found["tfstep"], found[name], strict=True)]
            kept.add("start to the first frame", f"tfstep / {name}", ratios, aim=AIMS.get(name))


def main() -> None:
    """Tell of each case the median and the 95th percentile."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=60)
    parser.add_argument("--only", default="")
    parser.add_argument("--profile", action="store_true")
    figures.option(parser)
    options = parser.parse_args()
    kept = figures.Figures("screen", options.figures)
    cases = {
        "wo-ai-ni": lambda: tfstep.Session(tfstep.load("wo-ai-ni")),
        "64 wide": lambda: made("w64", 64, 4, words=12),
        "1024 wide": lambda: made("w1024", 1024, 8, words=24),
    }
    presses = {
        "stepping": ("src.embed", ("n",), ()),
        "cursor": ("enc0.attn.q_proj", ("right", "down", "left", "up"), ()),
        "nudging": ("enc0.attn.q_proj", ("plus",), WEIGHTS),
        "scrolling": ("enc0.attn.q_proj", ("scroll down", "scroll up"), ()),
    }
    for name, open_ in cases.items():
        for what, (at, keys, first) in presses.items():
            if options.only in f"{name} {what}":
                measure(kept, f"{name}, {what}", open_(), at, keys, first, options)
    travels = {"cursor": ("pagedown", "right", "pagedown", "l"), "scrolling": ("scroll down",)}
    for what, keys in travels.items():
        if options.only in f"4096 wide {what}":
            measure(kept, f"4096 wide, {what}", large(), "layer0.a", keys, WEIGHTS, options)
    if options.only in "last of 12 layers":
        measure(
            kept,
            "last of 12 layers, nudging",
            made("deep", 64, 4, 12),
            "enc11.attn.q_proj",
            ("plus",),
            WEIGHTS,
            options,
        )
    if options.only in "start":
        starts(7, kept)


def measure(
    kept: figures.Figures,
    name: str,
    session: tfstep.Session,
    at: str,
    keys: tuple[str, ...],
    first: Sequence[str],
    options: argparse.Namespace,
) -> None:
    """One case."""
    if options.profile:
        with cProfile.Profile() as watch:
            found, whole = asyncio.run(painted(session, at, keys, options.times, first))
        pstats.Stats(watch).sort_stats("cumulative").print_stats(110)
    else:
        found, whole = asyncio.run(painted(session, at, keys, options.times, first))
    ordered = sorted(found)
    kept.add(name, "from a key to the painted frame", found, "ms")
    if whole != found:
        kept.add(name, "to the frame that lacks nothing", whole, "ms")
    kept.add(name, "the same, 95th percentile", ordered[int(0.95 * (len(ordered) - 1))], "ms")


if __name__ == "__main__":
    main()
