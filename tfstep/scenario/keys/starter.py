"""A commented file to start from, for every kind of model: its example, each line with what its key is for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from tfstep.models.keys.key import choices_of, fields, keys, section_of
from tfstep.models.keys.kinds import KINDS
from tfstep.scenario.keys.schema import FilePart
from tfstep.text import Bilingual, language

COLUMN = 44  # where the comments begin
LONGEST = 72  # of a comment that is not cut at its first clause
_HEAD = (
    Bilingual(
        "A scenario: run it with `tfstep run FILE`, check it with `tfstep validate FILE`.",
        "场景文件：用 `tfstep run 文件` 运行，用 `tfstep validate 文件` 检查。",
    ),
    Bilingual("Keys that are left out have their defaults.", "没有写出的键取默认值。"),
)


def starter(kind: str, variant: str | None = None) -> str:
    """The text of a scenario of a kind, with comments in the chosen language; it is valid as it is.

    ``variant`` is the name of the one variant in it.
    """
    head = f"tfstep: 1\ntitle: {{en: My {kind}, zh: 我的 {kind}}}\nmodel:\n  kind: {kind}\n"
    example = KINDS[kind].example.replace("VARIANT", variant or KINDS[kind].variant)
    return "".join(f"{line}\n" for line in (*(f"# {each}" for each in _HEAD), *_commented(head + example)))


def _commented(yaml: str) -> Iterator[str]:
    """The lines, each with what its key is for where it is a declared one."""
    section: type[Struct] | None = None  # that the indented lines are keys of
    for line in yaml.splitlines():
        name = line.strip().partition(":")[0]
        inside, depth = section, len(line) - len(line.lstrip())
        if not depth:
            inside, section = FilePart, section_of(fields(FilePart)[name])
        comment = _comment(inside, name) if depth < 4 and inside and name in keys(inside) else ""
        yield f"{line:<{COLUMN}}  # {comment}" if comment else line


def _comment(section: type[Struct], name: str) -> str:
    """The first clause of what a key is for, and its values if they are few."""
    about, choices = keys(section)[name].about, choices_of(fields(section)[name])
    said = re.split(r"\. |。", str(about).rstrip(".。"))[0]
    if language() == "en":
        said = said[:1].lower() + said[1:]
    if len(said) > LONGEST:
        said = re.split("; |；", said)[0]
    if len(choices) < 2:
        return said
    return str(
        Bilingual(
            "{said}: {choices}", "{said}：{choices}", said=re.split("[;:,；：，]", said)[0], choices=" ".join(choices)
        )
    )
