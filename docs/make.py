"""Make the pages of docs/, and the JSON Schema: `python docs/make.py [WORD…]`; `--check` only says which are out of date.

The reference is generated from the program. Behind the commands of the other pages, and of the read-mes, stands what
they print: it is filled in here and never typed. The pictures have a script of their own, `docs/pictures/make.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from making import (
    command_line,
    commands,
    glossary,
    keys,
    man,
    misconceptions,
    models,
    notebooks,
    ops,
    paths,
    rates,
    scenario_files,
    speed,
)
from making.masks import page as masks
from making.run import filled

from tfstep.scenario.keys.declared import SHIPPED
from tfstep.scenario.keys.json_schema import as_shipped
from tfstep.text import LANGUAGES, set_language
from tfstep.text import language as chosen

DOCS = Path(__file__).resolve().parent
Page = Callable[[str], Iterator[str]]
GENERATED: dict[str, Page] = {
    "commands": commands.page,
    "command-line": command_line.page,
    "keys": keys.page,
    "scenario-files": scenario_files.page,
    "paths": paths.page,
    "ops": ops.page,
    "glossary": glossary.page,
    "misconceptions": misconceptions.page,
    "masks": masks.page,
    "rates": rates.page,
    "speed": speed.page,
    "models": models.page,
}


WRITTEN = ("README.md", "README.zh.md", "CONTRIBUTING.md")


def file(name: str, language: str) -> Path:
    """Where a page lies."""
    return DOCS / (f"{name}.md" if language == "en" else f"{name}.{language}.md")


def spelled(page: Page, language: str) -> str:
    """A generated page, with all that it names in its language."""
    before = chosen()
    set_language(language)
    try:
        return "\n".join(page(language)) + "\n"
    finally:
        set_language(before)


def spoken(page: Path) -> str:
    """The language of a page."""
    return "zh" if page.name.endswith(".zh.md") else "en"


def written() -> list[Path]:
    """The pages that people write: all that are not generated, and the read-mes."""
    generated = {file(name, language) for name in GENERATED for language in LANGUAGES}
    return [*(DOCS.parent / name for name in WRITTEN), *sorted({*DOCS.rglob("*.md")} - generated)]


def made(only: list[str]) -> Iterator[tuple[Path, str]]:
    """Every page, or those whose names contain one of some words, with what should stand in it."""
    for name, page in GENERATED.items():
        for language in LANGUAGES:
            where = file(name, language)
            if _wanted(where, only):
                yield where, spelled(page, language)
    if _wanted(SHIPPED, only):
        yield SHIPPED, as_shipped()
    for where in written():
        if _wanted(where, only):
            yield where, filled(where.read_text("utf-8"), spoken(where), where.name)
    for language in LANGUAGES:
        where = notebooks.file(language)
        if _wanted(where, only):
            yield where, notebooks.spelled(language)
        if _wanted(man.file(language), only):
            yield man.file(language), spelled(man.page, language)


def _wanted(where: Path, only: list[str]) -> bool:
    return not only or any(word in where.name for word in only)


def main(arguments: list[str]) -> int:
    """Write what is out of date, or with ``--check`` only name it and return 1."""
    check, stale = "--check" in arguments, False
    for where, text in made([each for each in arguments if each != "--check"]):
        if where.is_file() and where.read_text("utf-8") == text:
            continue
        stale = True
        print(where.resolve().relative_to(DOCS.parent))
        if not check:
            where.write_text(text, "utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
