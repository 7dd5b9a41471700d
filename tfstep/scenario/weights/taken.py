"""What `weights.file` gives: arrays under our paths, or under the names of a family of checkpoints.

Arrays under our own paths are read at once. Those of a checkpoint stay on disk until something asks for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
from msgspec import Struct, field

from tfstep.engine.arrays.leaves import Later
from tfstep.families.binding import Binding, Source, bind, detect, is_spare
from tfstep.families.config import FamilyError
from tfstep.families.registry import family
from tfstep.models.config import ModelConfig
from tfstep.scenario.file.mistakes import MOST, Mistake
from tfstep.scenario.file.nodes import excerpt
from tfstep.scenario.keys.check import WeightsConfig
from tfstep.scenario.weights.files import open_weight_file
from tfstep.scenario.weights.parameter import ErrorAt, Parameter, is_memory, unknown_ones, wrong_shape
from tfstep.scenario.weights.weight_file import BadWeightsError, WeightFile, in_type
from tfstep.text import Bilingual

AUTO = "auto"
_FEW = 6  # names that a message gives


class Taken(Struct, frozen=True, eq=False):
    """What was taken from a file. ``family`` is empty where the names are ours."""

    values: Mapping[str, np.ndarray | Later]
    family: str = ""
    tensors: int = 0  # in the file
    read: int = 0  # of them
    spare: tuple[str, ...] = ()  # the others
    missing: tuple[str, ...] = field(default_factory=tuple)


def from_file(
    weights: WeightsConfig,
    known: Mapping[str, Parameter],
    model: ModelConfig,
    where: ErrorAt,
    mistakes: list[Mistake],
    start: Mapping[str, np.ndarray],
) -> Taken | None:
    """The arrays of the weights file, each found to fit its parameter. What does not goes to ``mistakes``.

    What has numbers to ``start`` from, of its own, need not be there.
    """
    assert weights.file is not None
    keys = ("weights", "file")
    try:
        file = open_weight_file(weights.file)
        ours = weights.names == AUTO and any(name in known or is_memory(name) for name in file.shapes)
        taken = (
            _ours(file, weights.file, known, where, mistakes)
            if ours
            else _theirs(file, weights, known, model, where, mistakes)
        )
    except BadWeightsError as error:
        mistakes += where(keys, in_file(weights.file, error.why)).mistakes
        return None
    except FamilyError as error:
        mistakes += where(("weights", "names"), error.message).mistakes
        return None
    missing = tuple(path for path in taken.missing if path not in weights.set and path not in start)
    if missing and not weights.partial and not mistakes:
        mistakes += where(keys, in_file(weights.file, _missing(missing, len(known)))).mistakes
    return taken


def in_file(path: Path, why: Bilingual) -> Bilingual:
    """What is wrong, with the file's name."""
    return Bilingual("{file}: {why}", "{file}：{why}", file=path.name, why=why)


def _ours(
    file: WeightFile, path: Path, known: Mapping[str, Parameter], where: ErrorAt, mistakes: list[Mistake]
) -> Taken:
    """Arrays under our paths. What an optimizer of another variant remembers is left out."""
    keys, values = ("weights", "file"), dict[str, np.ndarray]()
    for message in unknown_ones([name for name in file.shapes if name not in known and not is_memory(name)], known):
        mistakes += where(keys, in_file(path, message)).mistakes
    for name, shape in file.shapes.items():
        if len(mistakes) >= MOST:
            break
        if name not in known:
            continue
        if shape != known[name].shape:
            mistakes += where(keys, in_file(path, _misfit(name, shape, known[name].shape))).mistakes
        else:
            values[name] = in_type(file.read(name), known[name].dtype)
    missing = tuple(name for name in known if name not in values and not is_memory(name))
    return Taken(values, tensors=len(file.shapes), read=len(values), missing=missing)


def _theirs(
    file: WeightFile,
    weights: WeightsConfig,
    known: Mapping[str, Parameter],
    model: ModelConfig,
    where: ErrorAt,
    mistakes: list[Mistake],
) -> Taken:
    """Arrays under the names of a family. Raises FamilyError where none has them."""
    path = weights.file
    assert path is not None
    wanted = {name: parameter.shape for name, parameter in known.items() if not is_memory(name)}
    if weights.names == AUTO:
        found = detect(file.shapes, wanted, model, model.kind)
    else:
        found = bind(family(weights.names), file.shapes, wanted, model)
    if found is None:
        for message in unknown_ones(list(file.shapes), known) or [Bilingual("no arrays", "没有数组")]:
            mistakes += where(("weights", "file"), in_file(path, message)).mistakes
        return Taken({})
    if found.misfits:
        mistakes += where(("weights", "file"), in_file(path, _misfits(found, wanted))).mistakes
    for source in found.sources.values():
        file.check(source.name)
    values: dict[str, np.ndarray | Later] = {
        name: Later(partial(_read, file, source, known[name], model)) for name, source in found.sources.items()
    }
    values |= {
        name: file.read(name).astype(each.dtype) for name, each in known.items() if _remembered(name, each, file)
    }
    return _taken(values, found, file)


def _remembered(name: str, parameter: Parameter, file: WeightFile) -> bool:
    """Whether a file has, beside a family's tensors, what an optimizer remembers."""
    return is_memory(name) and file.shapes.get(name) == parameter.shape


def _taken(values: Mapping[str, np.ndarray | Later], found: Binding, file: WeightFile) -> Taken:
    spare = tuple(name for name in found.spare if not is_spare(found.family, name) and not is_memory(name))
    count = len(file.shapes) - (len(found.spare) - len(spare))
    return Taken(values, found.family.name, count, len(found.used), spare, found.missing)


def _read(file: WeightFile, source: Source, parameter: Parameter, model: ModelConfig) -> np.ndarray:
    """One parameter, in its type: a view of what is mapped where nothing is to be converted."""
    theirs = file.read(source.name)
    relation = source.how.relation
    if relation.plus or relation.times != 1.0:
        theirs = in_type(theirs, parameter.dtype)
    found = in_type(relation.take(theirs, parameter.shape, model), parameter.dtype)
    if not np.may_share_memory(found, theirs):  # converted: what is on disk is not held beside it
        file.release(source.name)
    return found


def _misfit(name: str | Bilingual, found: tuple[int, ...], needed: tuple[int, ...]) -> Bilingual:
    what = excerpt(name) if isinstance(name, str) else name
    return Bilingual("{name}: {why}", "{name}：{why}", name=what, why=wrong_shape(found, needed))


def _misfits(found: Binding, wanted: Mapping[str, tuple[int, ...]]) -> Bilingual:
    """The first tensor that does not fit, and how many others."""
    ours, theirs, shape = found.misfits[0]
    why = _misfit(
        Bilingual("{ours} in {theirs}", "{theirs} 中的 {ours}", ours=ours, theirs=theirs), shape, wanted[ours]
    )
    if len(found.misfits) == 1:
        return why
    n = len(found.misfits) - 1
    do = Bilingual("does not fit either", "也不符") if n == 1 else Bilingual("do not fit either", "也不符")
    return Bilingual("{why}; {n} more {do}", "{why}；另有 {n} 个{do}", why=why, n=n, do=do)


def _missing(missing: tuple[str, ...], of: int) -> Bilingual:
    few = ", ".join(missing[:_FEW]) + (", …" if len(missing) > _FEW else "")
    return Bilingual(
        "{n} of {of} parameters {gone}: {few}; `weights: {{partial: true}}` draws them at random",
        "{of} 个参数中{gone} {n} 个：{few}；写上 `weights: {{partial: true}}` 则随机生成它们",
        n=len(missing),
        of=of,
        gone=Bilingual("is not there", "缺少") if len(missing) == 1 else Bilingual("are not there", "缺少"),
        few=few,
    )
