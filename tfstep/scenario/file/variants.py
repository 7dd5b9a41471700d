"""Variants: named changes of a scenario, merged over its file.

Groups of keys merge, everything else is replaced, and ``null`` takes a key away. A list of names
applies those variants one after the other.
"""

from __future__ import annotations

from itertools import chain, islice

from tfstep.errors import did_you_mean
from tfstep.scenario.file.mistakes import Mistake, Place, Report, fault
from tfstep.scenario.file.nodes import Items, Keys, Node, Scalar, Section, excerpt, found_text
from tfstep.scenario.keys.schema import FilePart
from tfstep.text import Bilingual

BASE = "base"
MOST = 50  # variants of one file
_NEVER = ("tfstep", "variants")
_KEYS = tuple(key for key in FilePart.__struct_fields__ if key not in _NEVER)


def names(tree: Section) -> tuple[str, ...]:
    """The variants of a file, ``base`` first."""
    section = tree.get("variants")
    declared = tuple(section.entries) if isinstance(section, Section) else ()
    return (BASE, *(name for name in declared if name != BASE))


def merge(below: Node | None, above: Node, keys: Keys = ()) -> Node:
    """``above`` merged over ``below``; both stay as they are. What ``null`` takes away need not be there."""
    if not isinstance(above, Section) or _whole(keys):
        return above
    if not isinstance(below, Section):
        below = Section({}, {}, above.place)
    entries, places = dict(below.entries), dict(below.keys)
    for key, node in above:
        if isinstance(node, Scalar) and node.value is None and node.text in ("null", "~", ""):
            entries.pop(key, None)
            places.pop(key, None)
        else:
            entries[key], places[key] = merge(entries.get(key), node, (*keys, key)), above.keys[key]
    return Section(entries, places, below.place)


def _whole(keys: Keys) -> bool:
    """Whether a group of keys is one value, replaced as a whole: a way to fill, or the layers of the stacks."""
    init = len(keys) == 4 and keys[:2] == ("model", "parameters")
    return (
        init
        or keys in (("weights", "init"), ("model", "layers"))
        or (len(keys) == 3 and keys[:2] == ("weights", "set"))
    )


def apply(tree: Section, name: str) -> Section:
    """The file as the variant has it. Raises `Mistakes` for a name that is not there."""
    if name == BASE:
        return tree
    known = names(tree)
    section = tree.get("variants")
    if not isinstance(section, Section) or name not in section.entries:
        message = Bilingual(
            "no variant '{name}'{hint}; there are {known}",
            "没有变体“{name}”{hint}；现有：{known}",
            name=excerpt(name),
            known=", ".join(known),
            hint=did_you_mean(name, known),
        )
        raise fault(Place(tree.place.file), message)
    for change in _changes(section, name):
        merged = merge(tree, change)
        assert isinstance(merged, Section)
        tree = merged
    return tree


def _changes(section: Section, name: str) -> tuple[Section, ...]:
    """The changes that a variant applies, in order; a list that names lists is followed, each list once."""
    known: dict[str, tuple[Section, ...]] = {}

    def of(name: str) -> tuple[Section, ...]:
        if name not in known:
            known[name] = ()  # a list that contains itself adds nothing; its mistake is noted
            node = section.get(name)
            if isinstance(node, Section):
                known[name] = (node,)
            elif isinstance(node, Items):
                inner = (of(item.text) for item in node.items if isinstance(item, Scalar))
                known[name] = tuple(islice(chain.from_iterable(inner), MOST + 1))
        return known[name]

    return of(name)


def blame_variant(tree: Section, name: str, mistake: Mistake) -> Mistake:
    """A mistake that only this variant makes: where its place is not among the variants, it is put at the variant."""
    section = tree.get("variants")
    if name == BASE or not isinstance(section, Section) or _behind(tree.keys["variants"], mistake.place):
        return mistake
    message = Bilingual(
        "variant {name}: {message}", "变体 {name}：{message}", name=excerpt(name), message=mistake.message
    )
    return Mistake(section.keys[name], message)


def _behind(first: Place, place: Place) -> bool:
    """Whether a place does not stand before another one of the file."""
    return (place.line, place.column) >= (first.line, first.column)


def check_names(tree: Section, report: Report) -> None:
    """Note what is wrong with the list of variants itself; what is in them is checked when they are merged."""
    section = tree.get("variants")
    if section is None or (isinstance(section, Scalar) and section.value is None):
        return
    if not isinstance(section, Section):
        report.add(
            section.place,
            Bilingual(
                "variants is {what}; allowed: `name: changes`",
                "variants 为 {what}；可用：`名称: 改动`",
                what=found_text(section),
            ),
        )
        return
    if len(section.entries) > MOST:
        report.add(
            section.place,
            Bilingual(
                "{n} variants; at most {most}", "有 {n} 个变体；最多 {most} 个", n=len(section.entries), most=MOST
            ),
        )
    for name, node in section:
        if name == BASE or name.split() != [name] or any(mark in name for mark in ":`"):
            message = Bilingual(
                "a variant named '{name}'; base is the file itself, and a name has no spaces, : or `",
                "变体名为“{name}”；base 指文件本身，名称中不能有空格、: 和 `",
                name=excerpt(name),
            )
            report.add(section.keys[name], message)
        if isinstance(node, Section):
            _check_keys(node, report)
        elif isinstance(node, Items):
            _check_list(section, name, node, report)
            if len(_changes(section, name)) > MOST:
                message = Bilingual(
                    "more than {most} changes; at most {most}", "改动超过 {most} 处；最多 {most} 处", most=MOST
                )
                report.add(node.place, message)
        else:
            message = Bilingual(
                "{name} is {what}; allowed: changes, or a list of variants",
                "{name} 为 {what}；可用：改动，或变体名的列表",
                name=excerpt(name),
                what=found_text(node),
            )
            report.add(node.place, message)


def _check_keys(variant: Section, report: Report) -> None:
    for key in variant.entries:
        if key in _NEVER:
            report.add(
                variant.keys[key],
                Bilingual(
                    "{key} in a variant; allowed: {known}",
                    "变体中出现 {key}；可用：{known}",
                    key=key,
                    known=", ".join(_KEYS),
                ),
            )


def _check_list(section: Section, name: str, node: Items, report: Report) -> None:
    for item in node.items:
        other = item.text if isinstance(item, Scalar) else ""
        if other not in section.entries:
            known = [each for each in section.entries if each != name]
            message = Bilingual(
                "no variant {what}{hint}; there are {known}",
                "没有变体 {what}{hint}；现有：{known}",
                what=found_text(item),
                known=", ".join(known) or Bilingual("no others", "无"),
                hint=did_you_mean(other, known),
            )
            report.add(item.place, message)
        elif name in _reached(section, other):
            message = Bilingual(
                "'{name}' contains itself through '{other}'; a list names other variants",
                "“{name}”经由“{other}”包含了自身；列表只能写别的变体",
                name=name,
                other=other,
            )
            report.add(item.place, message)


def _reached(section: Section, start: str) -> set[str]:
    """All variants that one applies, itself included."""
    reached, todo = set[str](), [start]
    while todo:
        name = todo.pop()
        if name in reached:
            continue
        reached.add(name)
        node = section.get(name)
        if isinstance(node, Items):
            todo += [item.text for item in node.items if isinstance(item, Scalar)]
    return reached
