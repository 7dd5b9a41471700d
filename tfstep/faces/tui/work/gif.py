"""A record of a session as an animated GIF, drawn with Pillow (``tfstep[gif]``) out of the pictures of the moving SVG.

The pictures are those of Rich's ``export_svg``: rectangles, and texts whose class says their colour, on a grid.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from tfstep.errors import CommandError
from tfstep.text import Bilingual
from tfstep.view.text.width import characters, width

if TYPE_CHECKING:
    from PIL import Image, ImageFont

SIZE = 16  # of the letters, in pixels
COLUMN, LINE, FIRST = 12.2, 24.4, 20.0  # a cell of Rich's pictures, and where the first line stands
SHORTEST = 0.02  # seconds; browsers show what is shorter for longer
COLOURS = 128
MONOSPACED = (
    "DejaVuSansMono.ttf",
    "LiberationMono-Regular.ttf",
    "NotoSansMono-Regular.ttf",
    "Menlo.ttc",
    "consola.ttf",
    "cour.ttf",
)
OTHERS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "SourceHanSansSC-Regular.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "STHeiti Light.ttc",
    "msyh.ttc",
    "simsun.ttc",
    "DejaVuSans.ttf",
    "NotoSansSymbols2-Regular.ttf",
    "Apple Symbols.ttf",
    "Apple Braille.ttf",
    "seguisym.ttf",
)
"""Where Chinese is sought, then signs that the first font lacks."""
INDEX = {"NotoSansCJK-Regular.ttc": 2}  # simplified Chinese within the collection
_SVG = "{http://www.w3.org/2000/svg}"
_COLOUR = re.compile(r"[.]([\w-]+)\s*[{]\s*fill:\s*(#[0-9a-fA-F]{6})")


class Letters:
    """Every character as a mask of its cells, drawn once. Raises CommandError where Pillow or a font is missing."""

    def __init__(self) -> None:
        try:
            import PIL  # noqa: F401  # what is missing is told here
        except ImportError:
            raise CommandError(
                Bilingual(
                    "a GIF needs Pillow: `pip install 'tfstep[gif]'`; .cast and .svg need nothing",
                    "GIF 需要 Pillow：`pip install 'tfstep[gif]'`；.cast 和 .svg 无需安装",
                )
            ) from None
        self._fonts = list(_fonts(MONOSPACED))[:1]
        if not self._fonts:
            raise _no_font(Bilingual("no monospaced font", "没有等宽字体"), MONOSPACED)
        self._fonts += _fonts(OTHERS)
        self._known: dict[str, Image.Image] = {}
        first = self._fonts[0]
        ascent, descent = first.getmetrics()
        self.ascent, self.height, self.width = ascent, ascent + descent, round(first.getlength("0"))

    def mask(self, character: str) -> Image.Image:
        """How a character covers its one or two cells. Raises CommandError where no font has it."""
        from PIL import Image, ImageDraw

        if (found := self._known.get(character)) is None:
            cells = max(1, width(character)) * self.width
            found = Image.new("L", (cells, self.height))
            font = next((font for font in self._fonts if _has(font, character)), None)
            if font is None:
                raise _no_font(Bilingual("no font with {c}", "没有字体包含 {c}", c=character), OTHERS)
            ImageDraw.Draw(found).text((cells / 2, self.ascent), character, fill=255, font=font, anchor="ms")
            self._known[character] = found
        return found


def animated(pictures: Sequence[str], seconds: Sequence[float], letters: Letters) -> bytes:
    """Pictures, each with how long it is shown, as one GIF that goes round. Raises CommandError for a missing font."""
    frames = [_drawn(ET.fromstring(each), letters) for each in pictures]
    wide, high = (max(frame.size[k] for frame in frames) for k in (0, 1))
    frames = [frame.crop((0, 0, wide, high)).quantize(COLOURS) for frame in frames]
    written = BytesIO()
    shown = [round(1000 * max(each, SHORTEST)) for each in seconds]
    frames[0].save(written, "GIF", save_all=True, append_images=frames[1:], duration=shown, loop=0)
    return written.getvalue()


def _drawn(svg: ET.Element, letters: Letters) -> Image.Image:
    """One picture, without the frame of a window around it."""
    from PIL import Image

    colours = dict(_COLOUR.findall("".join(each.text or "" for each in svg.iter(f"{_SVG}style"))))
    box = next(each for each in svg.iter(f"{_SVG}clipPath") if each.get("id", "").endswith("-clip-terminal"))[0]
    columns, rows = round(float(box.get("width", 0)) / COLUMN), round(float(box.get("height", 0)) / LINE)
    ground = next(each.get("fill", "") for each in svg.iter(f"{_SVG}rect") if each.get("fill"))
    image = Image.new("RGB", (columns * letters.width, rows * letters.height), ground)
    terminal = next(each for each in svg if each.get("clip-path", "").endswith("-clip-terminal)"))
    for each in terminal.findall(f"{_SVG}rect"):
        left, cells = round(float(each.get("x", 0)) / COLUMN), round(float(each.get("width", 0)) / COLUMN)
        top = round((float(each.get("y", 0)) - 1.5) / LINE)
        x, y = left * letters.width, top * letters.height
        image.paste(each.get("fill", ground), (x, y, x + cells * letters.width, y + letters.height))
    for each in terminal.iter(f"{_SVG}text"):
        colour = colours.get(each.get("class", ""), "#ffffff")
        left, top = round(float(each.get("x", 0)) / COLUMN), round((float(each.get("y", 0)) - FIRST) / LINE)
        for character in characters((each.text or "").replace("\xa0", " ").rstrip("\n")):
            if character != " ":
                image.paste(colour, (left * letters.width, top * letters.height), letters.mask(character))
            left += width(character)
    return image


def _fonts(names: Sequence[str]) -> Iterator[ImageFont.FreeTypeFont]:
    """Those of the fonts that this machine has."""
    from PIL.ImageFont import truetype

    for name in names:
        try:
            yield truetype(name, SIZE, INDEX.get(name, 0))
        except OSError:
            continue


def _has(font: ImageFont.FreeTypeFont, character: str) -> bool:
    """Whether a font draws a character otherwise than one that no font has."""
    return bytes(font.getmask(character[0])) != bytes(font.getmask("\uffff"))


def _no_font(what: Bilingual, names: Sequence[str]) -> CommandError:
    return CommandError(
        Bilingual(
            "{what} for the GIF; install one of {names}; .cast and .svg need none",
            "{what}，无法画 GIF；请安装其中之一：{names}；.cast 和 .svg 不需要字体",
            what=what,
            names=", ".join(name.rpartition(".")[0] for name in names),
        )
    )
