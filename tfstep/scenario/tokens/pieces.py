"""How a piece of a tokenizer is written so that one can read it: bytes as what they are a part of.

Byte-level pieces are spelled in 256 stand-ins for the bytes (Radford et al. 2019): ``Ġ`` is a space, ``çĪ±`` is 爱.
Here a space is written ``▁``, and a piece that is a part of a character names it, ``爱1/3``, or in the vocabulary,
where nothing tells the rest, its bytes, ``⟨0xE7⟩``. An id that has no piece is ``#5``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_MARKS = {" ": "▁", "\n": "↵", "\t": "⇥", "\r": "␍", "\u00a0": "⍽", "\u3000": "▁▁"}


@cache
def stand_ins() -> dict[str, int]:
    """The byte for which each of the 256 letters of byte-level pieces stands."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(256 + n): byte for n, byte in enumerate(others)}


def as_bytes(piece: str, byte_level: bool) -> bytes | None:
    """The bytes that a piece stands for, or None where it is no spelling of bytes (a special token)."""
    if not byte_level:
        match = _BYTE.fullmatch(piece)
        return bytes([int(match[1], 16)]) if match else None
    table = stand_ins()
    return bytes(table[letter] for letter in piece) if all(letter in table for letter in piece) else None


def readable(text: str) -> str:
    """A text without blanks that could not be seen."""
    return "".join(_MARKS.get(letter, letter if letter.isprintable() else f"⟨U+{ord(letter):04X}⟩") for letter in text)


def alone(piece: str, byte_level: bool) -> str:
    """A piece of the vocabulary as it is written."""
    raw = as_bytes(piece, byte_level)
    if raw is None:
        return readable(piece)
    try:
        return readable(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return "⟨" + " ".join(f"0x{byte:02X}" for byte in raw) + "⟩"


def numbered(i: int) -> str:
    """An id that has no piece."""
    return f"#{i}"


def in_sentence(pieces: Sequence[str], byte_level: bool) -> Iterator[str]:
    """The pieces of a sentence, each as it is written; where a character is cut, which part of which."""
    begin = 0
    while begin < len(pieces):
        raw = as_bytes(pieces[begin], byte_level)
        if raw is None or _whole(raw):
            yield alone(pieces[begin], byte_level)
            begin += 1
            continue
        end, joined = begin + 1, raw
        while end < len(pieces) and not _whole(joined) and len(joined) < 32:
            more = as_bytes(pieces[end], byte_level)
            if more is None:
                break
            joined, end = joined + more, end + 1
        if not _whole(joined):
            yield alone(pieces[begin], byte_level)
            begin += 1
            continue
        yield from _parts([as_bytes(piece, byte_level) or b"" for piece in pieces[begin:end]])
        begin = end


def _whole(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _parts(parts: Iterable[bytes]) -> Iterator[str]:
    """Pieces that together are whole characters: each with the characters it ends or begins within."""
    parts = list(parts)
    joined = b"".join(parts)
    at, spans = 0, []
    for letter in joined.decode("utf-8"):
        spans.append((at, at + len(letter.encode()), letter))
        at += len(letter.encode())
    begin = 0
    for part in parts:
        end = begin + len(part)
        said = []
        for first, last, letter in spans:
            shared = [n for n in range(first, last) if begin <= n < end]
            if shared:
                whole, which = last - first, [n - first + 1 for n in shared]
                cut = (
                    ""
                    if len(which) == whole
                    else f"{which[0]}–{which[-1]}/{whole}"
                    if len(which) > 1
                    else f"{which[0]}/{whole}"
                )
                said.append(readable(letter) + cut)
        yield "".join(said)
        begin = end
