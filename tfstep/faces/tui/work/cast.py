"""A record of a session on the screen: what the terminal was sent, as asciinema keeps it; the same as one moving SVG,
or GIF; and the lines that were run, as a script that does it again.

The format of a cast: https://docs.asciinema.org/manual/asciicast/v2/
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from pathlib import Path

from textual.driver import Driver

from tfstep.faces.tui.work.gif import Letters, animated
from tfstep.files import unwritable, write_whole
from tfstep.text import Bilingual

PAUSE = 2.0  # seconds that a pause is shown at most
LAST = 3.0  # and the last picture
MOST = 500  # pictures of an SVG; what comes later is in the cast alone


class Cast:
    """What is recorded, written by `save`: ``FILE.cast``, ``FILE.svg``, ``FILE.tfs``, and ``FILE.gif`` if that is named.

    Raises CommandError where a GIF is named and cannot be drawn here.
    """

    def __init__(self, path: Path, title: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.stem = path.with_suffix("") if path.suffix in (".cast", ".svg", ".tfs", ".gif") else path
        self._letters = Letters() if path.suffix == ".gif" else None
        self.title, self._clock = title, clock
        self._begun = clock()
        self.size = (80, 24)
        self.events: list[tuple[float, str, str]] = []
        self.pictures: list[tuple[float, str]] = []
        self.lines: list[str] = []

    def _now(self) -> float:
        return round(self._clock() - self._begun, 6)

    def wrote(self, data: str) -> None:
        """The terminal was sent this."""
        self.events.append((self._now(), "o", data))

    def drew(self, svg: str, size: tuple[int, int]) -> None:
        """The screen looks like this now."""
        if not self.pictures:
            self.size = size
        elif size != self.size:
            self.size = size
            self.events.append((self._now(), "r", f"{size[0]}x{size[1]}"))
        if len(self.pictures) < MOST and (not self.pictures or self.pictures[-1][1] != svg):
            self.pictures.append((self._now(), svg))

    def driver(self, shown_by: type[Driver]) -> type[Driver]:
        """The same driver, with what it writes recorded."""
        cast = self

        class Recorded(shown_by):  # type: ignore[misc, valid-type]  # the class is known only here
            """Writes, and records."""

            def write(self, data: str) -> None:
                """To the terminal."""
                cast.wrote(data)
                super().write(data)

        return Recorded

    def text(self, first: tuple[int, int]) -> str:
        """The cast, for a terminal that was so large at first."""
        head = {"version": 2, "width": first[0], "height": first[1], "title": self.title, "idle_time_limit": PAUSE}
        rows = [json.dumps(head, ensure_ascii=False)]
        rows += [json.dumps(list(event), ensure_ascii=False) for event in self.events]
        return "\n".join(rows) + "\n"

    def save(self, first: tuple[int, int]) -> Bilingual:
        """Write the three files, and say which. Raises CommandError where one cannot be written."""
        script = "".join(f"{each}\n" for each in self.lines if each.split()[0] not in ("quit", "q"))
        written = {"cast": self.text(first), "svg": moving(self.pictures), "tfs": script}
        paths = {ending: self._write(ending, text.encode()) for ending, text in written.items()}
        said = Bilingual(
            "recorded: {cast} (asciinema play), {svg} (a moving picture), {tfs} (`-x` does it again)",
            "已录制：{cast}（asciinema play 播放）、{svg}（动图）、{tfs}（用 `-x` 重做）",
            **paths,
        )
        if self._letters is None or not self.pictures:
            return said
        data = animated([svg for _, svg in self.pictures], shown_for(self.pictures), self._letters)
        return Bilingual("{said}, {gif}", "{said}、{gif}", said=said, gif=self._write("gif", data))

    def _write(self, ending: str, data: bytes) -> Path:
        path = self.stem.with_name(f"{self.stem.name}.{ending}")
        try:
            write_whole(path, lambda file: file.write(data))
        except OSError as error:
            raise unwritable(path, error) from None
        return path


def shown_for(pictures: Sequence[tuple[float, str]]) -> list[float]:
    """For how many seconds each picture is shown: until the next one, no longer than a pause is, the last a while."""
    seconds = [second for second, _ in pictures]
    return [*(min(PAUSE, after - second) for second, after in pairwise(seconds)), *([LAST] if seconds else [])]


def moving(pictures: Sequence[tuple[float, str]]) -> str:
    """Pictures, each with the second at which it came up, as one SVG that shows them in turn, round again."""
    begins = [0.0, *accumulate(shown_for(pictures))]
    total = begins[-1]
    box = re.search(r'viewBox="([^"]*)"', pictures[0][1]) if pictures else None
    found = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box[1] if box else "0 0 1 1"}">']
    for k, (_, svg) in enumerate(pictures):
        start, stop = begins[k] / total, begins[k + 1] / total
        times = [*([0.0] if start else []), start, *([stop] if stop < 1 else [])]
        values = [*(["hidden"] if start else []), "visible", *(["hidden"] if stop < 1 else [])]
        found.append(
            f'<g visibility="{"hidden" if k else "visible"}"><animate attributeName="visibility" calcMode="discrete" '
            f'dur="{total:.3f}s" repeatCount="indefinite" values="{";".join(values)}" '
            f'keyTimes="{";".join(f"{each:.5f}" for each in times)}"/>{svg}</g>'
        )
    return "\n".join([*found, "</svg>\n"])
