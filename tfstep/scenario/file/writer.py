"""Writing a scenario that gives the same numbers again, with the comments of the file it came from."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from tfstep import reach, work
from tfstep.engine.arrays.bits import same_bits
from tfstep.engine.plan import Plan
from tfstep.engine.substeps import Pin
from tfstep.engine.trace import Trace
from tfstep.errors import CommandError, ScenarioError, TfstepError
from tfstep.files import unwritable, write_whole
from tfstep.models.keys.sections import OWN
from tfstep.scenario.keys.declared import with_schema_line
from tfstep.scenario.keys.pins import pins_of
from tfstep.scenario.keys.schema import KEPT
from tfstep.scenario.program import Program
from tfstep.scenario.scenario import Scenario, load
from tfstep.scenario.weights.back import as_they_came
from tfstep.scenario.weights.files import expect_weights, write_weights
from tfstep.text import Bilingual

INLINE = 400  # numbers of changed parameters that are written into the file itself
FILES = (
    ("vocab", "file"),
    ("vocab", "*", "file"),
    *(("model", "mask", key) for key in OWN),
    *(("input", key) for key in KEPT),
    ("weights", "file"),
    ("pins", "file"),
)
"""Where a scenario may name a file."""


class Written(Struct, frozen=True):
    """What was written: the file, the file of weights beside it if there is one."""

    path: Path
    weights: Path | None
    left_out: tuple[str, ...]  # the other variants of the original that are not in it


def write_scenario(scenario: Scenario, trace: Trace, path: Path, replace: bool = False, asked: bool = False) -> Written:
    """Write a scenario that starts with the numbers of a trace, all of it or nothing: its parameters, what the
    optimizer remembers, what is pinned.

    Few changed numbers stand in the file, many (and NaN) in an ``.npz`` beside it, or under the names that they came
    with in a ``.safetensors``. The variants stay that still fit. Where a person ``asked`` for it, the file may read later
    what the scenario has read.
    Raises CommandError where a file is there already (without ``replace``) or cannot be written.
    """
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width, yaml.preserve_quotes = 4096, True
    document = yaml.load(scenario.source_text) if scenario.source_text else CommentedMap()
    wanted = scenario.document()
    plain = {key: value for key, value in _plain(document).items() if key != "variants"}
    same = plain == wanted
    if not same:
        document.pop("variants", None)
        _merge(document, wanted)
    if scenario.path is not None:
        _relocate(document, scenario.path, path)
    learned = _learned(trace)
    arrays, theirs = as_they_came(scenario, learned)
    beside = _put_weights(document, scenario, arrays, theirs, _changed(scenario, learned), path)
    _put_pins(document, scenario, trace)
    if not replace and (path.exists() or path.is_symlink()):
        raise CommandError(
            Bilingual(
                "{path} is there already; `save {path} overwrite` replaces it",
                "{path} 已存在；`save {path} overwrite` 会覆盖它",
                path=path,
            )
        )
    if beside is not None:
        expect_weights(array.nbytes for array in arrays.values())
    fresh = beside is not None and not beside.exists()
    try:
        if beside is not None:
            write_weights(beside, arrays)
        _write(path, _dumped(yaml, document))
        if asked:
            _remember(document, scenario, path)
        if unfit := _unfit(path):
            for name in unfit:
                del document["variants"][name]
            if not document["variants"]:
                del document["variants"]
            _write(path, _dumped(yaml, document))
            if asked:
                _remember(document, scenario, path)
    except OSError as error:
        if fresh and beside is not None:  # nobody names it
            beside.unlink(missing_ok=True)
        raise unwritable(path, error) from None
    kept = ("base", scenario.variant, *document.get("variants", ()))
    left = tuple(name for name in scenario.variants if name not in kept)
    return Written(path, beside, left)


def read_back(path: Path, trace: Trace) -> list[str]:
    """The paths of what a trace starts from that the written scenario does not give to the bit, or lacks."""
    given: dict[str, bytes] = {}
    with suppress(TfstepError):
        program = load(path).program
        given = _start(program.plan, program.leaves, program.pins)
    leaves = {node.slot: trace.value(node.slot) for node in trace.plan.nodes if node.op is None}
    return [name for name, bits in _start(trace.plan, leaves, trace.pins).items() if given.get(name) != bits]


def _start(plan: Plan, leaves: Mapping[int, np.ndarray], pins: Mapping[int, Pin]) -> dict[str, bytes]:
    """What stands for the bits of every leaf, and the bits of every pin, by path."""
    found = {plan.nodes[slot].path: _digest(leaves[slot]) for slot in work.each(list(leaves), work.TENSORS)}
    for slot, pin in pins.items():
        found[plan.nodes[slot].path] = pin.mask.tobytes() + np.where(pin.mask, pin.value, 0).tobytes()
    return found


def _digest(value: np.ndarray) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(value).view(np.uint8).data).digest()


def _learned(trace: Trace) -> dict[str, np.ndarray]:
    """The parameters, and what the optimizer remembers, by path."""
    carried = {leaf for leaf, _ in trace.plan.carry}
    nodes = [node for node in trace.plan.nodes if node.kind == "parameter" or node.slot in carried]
    return {node.path: trace.value(node.slot) for node in nodes}


def _unfit(path: Path) -> list[str]:
    """The variants of a written file that these weights and pins do not fit."""
    found: list[str] = []
    with suppress(ScenarioError):
        written = load(path)
        for name in written.variants[1:]:
            try:
                _ = written.with_variant(name).program
            except ScenarioError:
                found.append(name)
    return found


def _put_pins(document: CommentedMap, scenario: Scenario, trace: Trace) -> None:
    """Put what is held under ``pins``; what stands there already is left as it is where it says the same."""
    program = scenario.program
    wanted, there = (pins_of(each, program.plan.leaves) for each in (trace, _as_it_starts(program)))
    if repr(wanted) == repr(there):
        return
    document.pop("pins", None)
    if wanted:
        place = list(document).index("variants") if "variants" in document else len(document)
        document.insert(place, "pins", CommentedMap((name, _flow(value)) for name, value in wanted.items()))


def _as_it_starts(program: Program) -> Trace:
    return Trace(program.plan, Trace.start(program.plan, program.leaves).values, program.pins)


def _dumped(yaml: YAML, document: CommentedMap) -> str:
    text = io.StringIO()
    yaml.dump(document, text)
    return with_schema_line(text.getvalue())


def _changed(scenario: Scenario, parameters: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The parameters that are not as the scenario starts them."""
    program = scenario.program
    start = {program.plan.nodes[slot].path: value for slot, value in program.leaves.items()}
    return {
        path: value
        for path, value in work.each(list(parameters.items()), work.TENSORS)
        if path not in start or not same_bits(start[path], value)
    }


def _files(document: CommentedMap) -> Iterator[tuple[dict[str, Any], str]]:
    """Where a scenario and its variants name a file: the group of keys, and the key in it."""
    variants = document.get("variants")
    for part in (document, *(variants.values() if isinstance(variants, dict) else ())):
        for *above, last in FILES:
            groups = [part]
            for key in above:
                groups = [each for group in groups if isinstance(group, dict) for each in _under(group, key)]
            yield from ((each, last) for each in groups if isinstance(each, dict) and isinstance(each.get(last), str))


def _relocate(document: CommentedMap, old: Path, new: Path) -> None:
    """Name the files from the folder of the new file, where they were named from that of the old one."""
    for group, key in _files(document):
        group[key] = os.path.relpath(old.parent / group[key], new.parent)


def _remember(document: CommentedMap, scenario: Scenario, path: Path) -> None:
    """The written file may read the files that it names, as far as the scenario may, where files are held to their folders."""
    named = [] if scenario.weights.file is None else [scenario.weights.file]
    if reach.held() and scenario.path is not None:
        files = (path.parent / group[key] for group, key in _files(document))
        named += [file for file in files if file.is_file() and reach.may_read(file, scenario.path)]
    if named:
        reach.remember(path, named)


def _under(group: dict[str, Any], key: str) -> Iterable[Any]:
    """The value of a key, or of all of them."""
    return group.values() if key == "*" else (group[key],) if key in group else ()


def _put_weights(
    document: CommentedMap,
    scenario: Scenario,
    arrays: Mapping[str, np.ndarray],
    theirs: bool,
    changed: Mapping[str, np.ndarray],
    path: Path,
) -> Path | None:
    """Put the changed parameters under ``weights``; returns the file beside, where they are many: ``arrays``, under
    the names of a family where they are ``theirs``.
    """
    weights = document.get("weights")
    if not isinstance(weights, CommentedMap):
        weights = CommentedMap()
    if scenario.weights.file is not None:  # that of the variant which is written
        weights["file"] = os.path.relpath(scenario.weights.file, path.parent)
    beside = None
    finite = all(np.isfinite(value).all() for value in changed.values())
    if sum(value.size for value in changed.values()) > INLINE or not finite:
        suffix = ".safetensors" if theirs else ".npz"
        beside = path.with_name(f"{path.stem}.{_content(arrays)}{suffix}")  # another content is another file
        weights.pop("set", None)
        weights.pop("names", None)
        if theirs and scenario.program.taken is not None:
            weights["names"] = scenario.program.taken.family
        weights["file"] = beside.name
    elif changed:
        group = weights.get("set")
        if not isinstance(group, CommentedMap):
            group = weights["set"] = CommentedMap()
        for name, value in changed.items():
            group[name] = _flow(value.tolist())
    if weights:
        document["weights"] = weights
    return beside


def _content(arrays: Mapping[str, np.ndarray]) -> str:
    """A short name for the numbers of a file: equal numbers have equal names."""
    found = hashlib.sha256()
    for name, array in arrays.items():
        found.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()[:8]


def _flow(value: Any) -> Any:
    """Nested lists as they are written in a line, a matrix row by row."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, list):
        return value
    written = CommentedSeq(_flow(each) for each in value)
    if not value or not isinstance(value[0], list):
        written.fa.set_flow_style()
    return written


def _merge(document: CommentedMap, wanted: Mapping[str, Any]) -> None:
    """Bring a document to the wanted values; what is right already stays as it is, comments and all."""
    for key in [key for key in document if key not in wanted]:
        del document[key]
    for key, value in wanted.items():
        there = document.get(key)
        if isinstance(there, CommentedMap) and isinstance(value, dict):
            _merge(there, value)
        elif key not in document or _plain(there) != value:
            document[key] = _flow(value)


def _plain(value: Any) -> Any:
    """A document without its layout."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    return float(value) if isinstance(value, float) else str(value)


def _write(path: Path, text: str) -> None:
    """The whole file, or nothing."""
    write_whole(path, lambda file: file.write(text.encode("utf-8")), private=True)
