"""The bytes of a scenario file, as text: UTF-8, a plain file, and not too large."""

from __future__ import annotations

from pathlib import Path

from tfstep.errors import refusal
from tfstep.scenario.file.mistakes import Place, fault
from tfstep.scenario.file.yaml import MAX_BYTES, too_large
from tfstep.text import Bilingual

_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_text(path: Path) -> str:
    """The text of a file. Raises `ScenarioError` where it is no file, cannot be read, or is no text."""
    here = Place(str(path))
    if path.is_dir():
        raise fault(here, Bilingual("a folder; a scenario is a file", "这是文件夹；场景须为文件"))
    if path.exists() and not path.is_file():
        raise fault(here, Bilingual("not a plain file; a scenario is one", "这不是普通文件；场景须为普通文件"))
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        size = path.stat().st_size
    except OSError as error:
        raise fault(here, Bilingual("cannot be read: {why}", "无法读取：{why}", why=refusal(error))) from None
    if len(data) > MAX_BYTES:
        raise fault(here, too_large(max(size, len(data))))
    return decode(data, str(path))


def decode(data: bytes, file: str) -> str:
    """The text of the bytes; a byte order mark of UTF-8 is left out."""
    if data.startswith(_UTF16):
        raise fault(Place(file, 1, 1), Bilingual("UTF-16; save the file as UTF-8", "文件编码为 UTF-16；请另存为 UTF-8"))
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        message = Bilingual(
            "byte {byte:#04x} is not UTF-8; save the file as UTF-8",
            "字节 {byte:#04x} 不是 UTF-8；请将文件另存为 UTF-8",
            byte=data[error.start],
        )
        raise fault(Place(file, line, column), message) from None
