"""Which values the schema refuses, and what a message says of each: what was found, what is allowed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Annotated, Any, get_args, get_origin

import msgspec
from msgspec import Struct

from tfstep.errors import did_you_mean, nearest
from tfstep.models.config import ModelConfig
from tfstep.models.keys.key import LARGEST, Key, alternatives, bare_of, choices_of, fields, section_of
from tfstep.models.keys.key import keys as declared
from tfstep.models.keys.kinds import KINDS
from tfstep.scenario.file.nodes import Items, Keys, Node, Scalar, Section, at, excerpt, found_text
from tfstep.scenario.keys.schema import NO_TYPE, FilePart
from tfstep.text import Bilingual

MOST_NAMES = 16  # that a message lists whole
UNKNOWN = None
"""In place of a type: the key itself is not one of the section's."""

KEYS = 6  # of a group that are named where something else stands


def misfits(value: object, kind: Any, keys: Keys = ()) -> list[tuple[Keys, Any]]:
    """The smallest parts of ``value`` that are not of the type ``kind``: keys, and the type asked or `UNKNOWN`."""
    try:
        msgspec.convert(value, kind)
        return []
    except NO_TYPE:
        section, item = section_of(kind), _item(kind)
        inner: list[tuple[Keys, Any]] = []
        if section is not None and isinstance(value, dict):
            kinds = fields(section)
            for key, each in value.items():
                here = (*keys, key)
                inner += misfits(each, kinds[key], here) if key in kinds else [(here, UNKNOWN)]
        elif item is not None and isinstance(value, list):
            for index, each in enumerate(value):
                inner += misfits(each, item, (*keys, index))
            if inner and not _as_long(value, kind):
                inner.append((keys, kind))
        return inner or [(keys, kind)]


def refusal(tree: Section, keys: Keys, kind: Any) -> Bilingual:
    """What is to be said of one of them."""
    if kind is UNKNOWN:
        return _unknown_key(tree, keys)
    node = at(tree, keys)
    what = found_text(node) if node is not None else Bilingual("nothing", "空值")
    if isinstance(node, Items) and _item(kind) is not None:
        what = Bilingual("a list of {n}", "{n} 项的列表", n=len(node.items))
    name = ".".join(str(key) for key in keys if isinstance(key, str)) or str(Bilingual("the file", "文件"))
    choices = choices_of(kind)
    if choices and isinstance(choices[0], str):
        return Bilingual(
            "{name} is {what}{hint}; allowed: {choices}",
            "{name} 为 {what}{hint}；可选：{choices}",
            name=name,
            what=what,
            choices=", ".join(choices),
            hint=did_you_mean(node.text.lower(), choices) if isinstance(node, Scalar) else Bilingual("", ""),
        )
    return Bilingual(
        "{name} is {what}; allowed: {allowed}",
        "{name} 为 {what}；可用：{allowed}",
        name=name,
        what=what,
        allowed=allowed(kind, node) if (key := _declared(keys)) is None or key.allowed is None else key.allowed,
    )


def _limits(kind: Any) -> msgspec.Meta:
    return get_args(kind)[1] if get_origin(kind) is Annotated else msgspec.Meta()


def _list(kind: Any) -> Any:
    """The list that a value of this type is, or may be; None where it is none."""
    return next((each for each in alternatives(kind) if get_origin(bare_of(each)) in (list, tuple)), None)


def _item(kind: Any) -> Any:
    """The type of a list's items, or None for what is no list."""
    kind = _list(kind)
    return None if kind is None else get_args(bare_of(kind))[0]


def _as_long(value: list[Any], kind: Any) -> bool:
    """Whether a list has as many items as its type asks for."""
    limits = _limits(_list(kind))
    return (limits.min_length or 0) <= len(value) <= (limits.max_length or len(value))


def _declared(keys: Keys) -> Key | None:
    """The declaration of what stands under these keys."""
    section: type[Struct] | None = FilePart
    found = None
    for name in keys:
        if not isinstance(name, str):
            found = None
        elif section is not None:
            found, kind = declared(section).get(name), fields(section).get(name)
            section = section_of(_item(kind) or kind)
    return found


def allowed(kind: Any, node: Node | None) -> Bilingual:
    """What is allowed by a type: its alternatives, one after the other."""
    first, *rest = [_of_type(each, node) for each in alternatives(kind)]
    for each in rest:
        first = Bilingual("{a}, or {b}", "{a}，或{b}", a=first, b=each)
    return first


def _of_type(kind: Any, node: Node | None) -> Bilingual:
    """What is allowed by one type and its limits."""
    limits, bare = _limits(kind), bare_of(kind)
    if choices := choices_of(bare):
        return Bilingual("{choices}", "{choices}", choices=", ".join(map(str, choices)))
    if bare is int:
        return Bilingual("a whole number{within}", "整数{within}", within=_within(limits))
    if bare is float:
        endless = isinstance(node, Scalar) and isinstance(node.value, float) and not math.isfinite(node.value)
        within = _within(limits)
        return (
            Bilingual("a finite number{within}", "有限的数字{within}", within=within)
            if endless
            else Bilingual("a number{within}", "数字{within}", within=within)
        )
    if bare is bool:
        return Bilingual("true or false", "true 或 false")
    if bare is str:
        return Bilingual("a text that is not empty", "非空文本") if limits.min_length else Bilingual("a text", "文本")
    if get_origin(bare) not in (list, tuple):
        section = section_of(bare)
        if section is None:
            return Bilingual("a group of keys", "一组键值")
        names = list(declared(section) or fields(section))
        meant = nearest(node.text, names) if isinstance(node, Scalar) else None
        switch = meant is not None and bool in alternatives(fields(section)[meant])
        value = "true" if switch else "…"
        example = Bilingual("{{{key}: {value}}}", "{{{key}: {value}}}", key=meant or names[0], value=value)
        return Bilingual(
            "a group of keys ({names}), such as {example}",
            "一组键值（{names}），如 {example}",
            names=", ".join(names[:KEYS]) + (", …" if len(names) > KEYS else ""),
            example=example,
        )
    if limits.min_length is None:
        return Bilingual("a list", "列表")
    if limits.min_length == limits.max_length:
        return Bilingual("a list of {n}", "{n} 项的列表", n=limits.min_length)
    return Bilingual("a list of at least {n}", "至少 {n} 项的列表", n=limits.min_length)


def _within(limits: msgspec.Meta) -> Bilingual:
    """The bounds of a number; that it is finite goes without saying."""
    signs = {
        "ge": Bilingual("{n} or more", "不小于 {n}", n=limits.ge),
        "gt": Bilingual("more than {n}", "大于 {n}", n=limits.gt),
        "le": Bilingual("at most {n}", "不大于 {n}", n=limits.le),
        "lt": Bilingual("less than {n}", "小于 {n}", n=limits.lt),
    }
    bounds = {
        name: text
        for name, text in signs.items()
        if (bound := getattr(limits, name)) is not None and abs(bound) != LARGEST
    }
    if set(bounds) == {"ge", "le"}:
        return Bilingual(", {low} to {high}", "，{low} 到 {high}", low=limits.ge, high=limits.le)
    match list(bounds.values()):
        case [one]:
            return Bilingual(", {one}", "，{one}", one=one)
        case [low, high]:
            return Bilingual(", {low} and {high}", "，{low} 且{high}", low=low, high=high)
    return Bilingual("", "")


def _unknown_key(tree: Section, keys: Keys) -> Bilingual:
    section = tuple(key for key in keys[:-1] if isinstance(key, str))
    key = str(keys[-1])
    sections = dict(_sections(FilePart))
    known = list(sections[section])
    kind = at(tree, ("model", "kind"))
    if section == ("model",) and isinstance(kind, Scalar) and kind.value in KINDS:
        known = [name for name in known if kind.value in declared(ModelConfig)[name].kinds]
    elsewhere = [path for path, keys in sections.items() if key in keys and path != section and path]
    hint = did_you_mean(key, known)
    if elsewhere:
        hint = Bilingual("; it belongs under {where}:", "；它应写在 {where}: 之下", where=".".join(elsewhere[0]))
    return Bilingual(
        "unknown key {key}{where}{hint}; allowed: {known}",
        "未知的键 {key}{where}{hint}；可用：{known}",
        key=excerpt(key),
        where=Bilingual(" in {name}", "（在 {name} 中）", name=".".join(section)) if section else Bilingual("", ""),
        known=_few(key, known),
        hint=hint,
    )


def _few(key: str, known: list[str]) -> Bilingual:
    """The names in order, or of many the ones most like the key, and how many there are."""
    if len(known) <= MOST_NAMES:
        return Bilingual("{names}", "{names}", names=", ".join(known))
    near = get_close_matches(key, known, n=MOST_NAMES // 2, cutoff=0.0)
    return Bilingual("{names} … ({n} keys)", "{names} ……（共 {n} 个键）", names=", ".join(near), n=len(known))


def _sections(kind: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every section of a file by its path, outer ones first, with its keys; one of a list goes by the list's path."""
    section = section_of(_item(kind) or kind)
    if section is not None:
        inner = fields(section)
        yield path, inner
        for key, each in inner.items():
            yield from _sections(each, (*path, key))
