"""The scenarios that ship, and where a scenario's file is.

They stand in ``scenarios/``: inside the package in a wheel, beside it in a source tree.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from msgspec import Struct

from tfstep.errors import did_you_mean
from tfstep.scenario.file.mistakes import Place, Report, fault
from tfstep.scenario.file.nodes import Scalar, Section, excerpt, section_at, to_python
from tfstep.scenario.file.reading import read_text
from tfstep.scenario.file.yaml import parse
from tfstep.text import Bilingual

_PACKAGE = Path(__file__).resolve().parents[2]


@cache
def folder() -> Path | None:
    """The folder of the scenarios that ship, or None in a broken installation."""
    places = (_PACKAGE / "scenarios", _PACKAGE.parent / "scenarios")
    return next((place for place in places if next(place.glob("*.yaml"), None) is not None), None)


def shipped() -> list[str]:
    """The names of the scenarios that ship, sorted."""
    place = folder()
    return sorted(path.stem for path in place.glob("*.yaml")) if place else []


def is_model(path: Path) -> bool:
    """Whether a path is that of a model on disk, not of a scenario."""
    return path.suffix == ".gguf" or path.is_dir()


def find(name: str) -> Path:
    """The file of a scenario: of one that ships by its bare name, else the file of that path.

    Raises `ScenarioError`, naming the nearest, where there is neither.
    """
    place = folder()
    if place is not None and name in shipped():
        return place / f"{name}.yaml"
    path = Path(name)
    try:
        there = path.exists()
    except (OSError, ValueError):  # a name that no file system takes
        there = False
    if there:
        return path
    known = shipped()
    message = Bilingual(
        "no scenario '{name}'{hint}, neither a file nor one that ships; see `tfstep list`",
        "没有场景“{name}”{hint}：既不是文件，也不是自带场景；见 `tfstep list`",
        name=excerpt(name),
        hint=did_you_mean(path.name.removesuffix(".yaml"), known),
    )
    raise fault(Place(""), message)


class Summary(Struct, frozen=True):
    """What a list shows of a scenario."""

    name: str
    title: Bilingual
    kind: str
    variants: tuple[str, ...]


def summaries() -> list[Summary]:
    """Of all scenarios that ship."""
    return [summary(find(name)) for name in shipped()]


def summary(path: Path) -> Summary:
    """Of one file, reading no more of it than it takes: title, kind, and the names of the variants.

    It trusts the layout of the files that ship: two spaces of indentation. `tfstep.scenario.load` reads any layout.
    """
    tree = parse(_head(read_text(path)), str(path), Report())
    title, model, variants = tree.get("title"), section_at(tree, "model"), section_at(tree, "variants")
    kind = model.get("kind") if model else None
    return Summary(
        path.stem,
        _title(title),
        kind.text if isinstance(kind, Scalar) else "",
        ("base", *(variants.entries if variants else ())),
    )


def _title(node: object) -> Bilingual:
    if isinstance(node, Section):
        texts = to_python(node)
        assert isinstance(texts, dict)
        return Bilingual.of({str(key): str(value) for key, value in texts.items()})
    return Bilingual.of(node.text if isinstance(node, Scalar) else "")


def _head(text: str) -> str:
    """The lines of a file that a list needs, as a small file of their own."""
    blocks = {
        match.group(1): match.group()
        for match in re.finditer(r"^(title|model|variants):.*\n(?:[ #].*\n|\n)*", text + "\n", re.MULTILINE)
    }
    kind = re.search(r"^  kind:.*\n", blocks.get("model", ""), re.MULTILINE)
    names = re.findall(r"^  ([^\s#].*?):(?:\s.*)?$", blocks.get("variants", ""), re.MULTILINE)
    head = ["tfstep: 1\n", blocks.get("title", "")]
    head += ["model:\n", kind.group()] if kind else []
    head += ["variants:\n", *(f"  {name}: {{}}\n" for name in names)] if names else []
    return "".join(head)
