"""A commented lesson to start from, in both languages."""

from __future__ import annotations

from pathlib import Path

from tfstep.errors import CommandError
from tfstep.files import unwritable, write_whole
from tfstep.lessons.format.catalog import ENDS
from tfstep.text import Bilingual

NAME = "my-lesson"  # what it is called where nobody says


def write(name: str = NAME) -> tuple[Path, ...]:
    """Write the lesson under this name, one file a language; returns the files.

    ``name`` may end as a lesson's file does. Raises CommandError where one of the files is there already.
    """
    stem = name
    for end in (*ENDS, ".md"):
        stem = stem.removesuffix(end)
    files = tuple(Path(f"{stem}{end}") for end in ENDS)
    for file in files:
        if file.exists():
            raise CommandError(
                Bilingual("{file} is there already; choose another name", "{file} 已经存在；请换一个名字", file=file)
            )
    for file, end in zip(files, ENDS, strict=True):
        text = Path(__file__).with_name(f"lesson{end}").read_bytes()
        try:
            write_whole(file, lambda out, text=text: out.write(text))  # type: ignore[misc]  # its own text
        except (OSError, ValueError) as error:
            raise unwritable(file, error) from None
    return files
