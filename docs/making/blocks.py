"""The fenced blocks of a page, and what their first line says of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = re.compile(r"^(?P<fence>`{3,})(?P<info>[^`\n]*)\n(?P<body>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)
_SESSION = re.compile(r"<!-- session: (\S+)(?: (\S+))? -->")


@dataclass(frozen=True)
class Block:
    """One block. Behind the language its first line may name a file that holds it (``yaml my.yaml``), the exit status
    that it ends with (``sh exit=1``), that it is refused (``tfstep refused``), or how many lines are shown
    (``text 6``). ``session`` is the scenario and variant of the session that it runs in, ``start`` and ``end`` are
    where its body stands, and ``shows`` is the block of what it prints, where it stands next."""

    language: str
    words: tuple[str, ...]
    body: str
    start: int
    end: int
    line: int
    session: tuple[str, str | None] | None
    shows: Block | None = None

    @property
    def file(self) -> str | None:
        """The file that holds it."""
        return next((word for word in self.words if "." in word), None)

    @property
    def status(self) -> int:
        """The exit status of its last command."""
        return next((int(word.removeprefix("exit=")) for word in self.words if word.startswith("exit=")), 0)

    @property
    def refused(self) -> bool:
        """Whether its last command is refused."""
        return "refused" in self.words

    @property
    def lines(self) -> list[str]:
        """Its lines, comments and what is empty left out; a line that ends in a backslash goes on."""
        joined = self.body.replace("\\\n", " ")
        found = (re.sub(r"(^|\s+)#.*", "", line).strip() for line in joined.splitlines())
        return [line for line in found if line]


def blocks(page: str) -> Iterator[Block]:
    """The blocks of a page in order; one that another shows is not a block of its own."""
    found = [_block(page, match) for match in _FENCE.finditer(page)]
    taken: set[int] = set()
    for k, block in enumerate(found):
        if k in taken:
            continue
        after = found[k + 1] if k + 1 < len(found) else None
        if after is not None and after.language == "text" and block.language in ("sh", "tfstep", "python"):
            between = page[block.end : after.start]
            if re.fullmatch(r"`+\s+`+text[^\n]*\n", between):
                taken.add(k + 1)
                block = Block(**{**vars(block), "shows": after})
        yield block


def _block(page: str, match: re.Match[str]) -> Block:
    language, *words = match["info"].split() or [""]
    opened = list(_SESSION.finditer(page, 0, match.start()))
    session = (opened[-1][1], opened[-1][2]) if opened else None
    line = page.count("\n", 0, match.start()) + 1
    return Block(language, tuple(words), match["body"], match.start("body"), match.end("body"), line, session)
