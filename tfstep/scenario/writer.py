"""Writing a scenario that gives the same numbers again, with the comments of the file it came from."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from tfstep.errors import CommandError, TfstepError
from tfstep.scenario.scenario import Scenario, load
from tfstep.scenario.weight_files import write_weights
from tfstep.text import Text

INLINE = 400  # numbers of changed parameters that are written into the file itself


@dataclass(frozen=True)
class Written:
    """What was written: the file, the file of weights beside it if there is one."""

    path: Path
    weights: Path | None
    variants: bool  # whether the variants of the original are in it


def write_scenario(
    scenario: Scenario, parameters: Mapping[str, np.ndarray], path: Path, replace: bool = False
) -> Written:
    """Write a scenario as it is now, with these values of its parameters (by path), all of it or nothing.

    Few changed numbers stand in the file, many in an ``.npz`` beside it. The variants stay where nothing but weights
    has changed. Raises CommandError where the file is there already (without ``replace``) or cannot be written.
    """
    if not replace and (path.exists() or path.is_symlink()):
        raise CommandError(
            Text(
                "{path} is there already; `save {path} overwrite` replaces it",
                "{path} 已存在；`save {path} overwrite` 会覆盖它",
                path=path,
            )
        )
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width, yaml.preserve_quotes = 4096, True
    document = yaml.load(scenario.source_text)
    wanted = scenario.document()
    plain = {key: value for key, value in _plain(document).items() if key != "variants"}
    same = plain == wanted
    if not same:
        document.pop("variants", None)
        _merge(document, wanted)
    changed = _changed(scenario, parameters)
    beside = _put_weights(document, scenario, parameters, changed, path)
    text = io.StringIO()
    yaml.dump(document, text)
    try:
        if beside is not None:
            write_weights(beside, parameters)
        _write(path, text.getvalue())
    except OSError as error:
        raise CommandError(
            Text(
                "{path} cannot be written: {why}", "无法写入 {path}：{why}", path=path, why=error.strerror or str(error)
            )
        ) from None
    return Written(path, beside, "variants" in document)


def read_back(path: Path, leaves: Mapping[str, np.ndarray]) -> list[str]:
    """The paths of ``leaves`` that the written scenario does not give to the bit; those it lacks as well."""
    try:
        program = load(path).program
    except TfstepError:
        return list(leaves)
    found = []
    for name, value in leaves.items():
        node = program.plan.paths.get(name)
        given = None if node is None or node.op is not None else program.leaves.get(node.slot)
        if given is None or given.shape != value.shape or given.tobytes() != value.tobytes():
            found.append(name)
    return found


def _changed(scenario: Scenario, parameters: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The parameters that are not as the scenario starts them."""
    program = scenario.program
    start = {program.plan.nodes[slot].path: value for slot, value in program.leaves.items()}
    return {
        path: value
        for path, value in parameters.items()
        if path not in start or start[path].tobytes() != value.tobytes()
    }


def _put_weights(
    document: CommentedMap,
    scenario: Scenario,
    parameters: Mapping[str, np.ndarray],
    changed: Mapping[str, np.ndarray],
    path: Path,
) -> Path | None:
    """Put the changed parameters under ``weights``; returns the file beside, where they are many."""
    weights = document.get("weights")
    if not isinstance(weights, CommentedMap):
        weights = CommentedMap()
    if scenario.weights.file is not None:
        weights["file"] = os.path.relpath(scenario.weights.file, path.parent)
    beside = None
    if sum(value.size for value in changed.values()) > INLINE:
        beside = path.with_suffix(".npz")
        weights.pop("set", None)
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


def _flow(value: Any) -> Any:
    """Nested lists as they are written in a line, a matrix row by row."""
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
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
