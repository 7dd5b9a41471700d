"""`pins:`, numbers that are held whatever is computed: what ``set PATH[i,j] = …`` does to a tensor, in a file.

A key is a path or a part of one (``enc0.attn.heads[:,1]``), its value a number or as many as the part has. With
``file`` the arrays of a .npz or .safetensors are held, each under the path that it is called by; what is written
beside it goes before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tfstep.address.grammar import cell_name, parse_cell
from tfstep.engine.trace import Trace
from tfstep.errors import EditError, PathError
from tfstep.scenario.file.mistakes import MOST, Mistake, Mistakes
from tfstep.scenario.file.nodes import Scalar, Section, at
from tfstep.scenario.keys.numbers import read_array
from tfstep.scenario.keys.typed import Source
from tfstep.scenario.weights.files import open_weights
from tfstep.text import Bilingual

FILE = "file"
OFFERED = 4  # paths that are written out


class MistakeAt(Protocol):
    """`Scenario.mistake_at`: a mistake at the place of a value, or of its key."""

    def __call__(self, keys: tuple[str | int, ...], message: Bilingual, *, key: bool = False) -> Mistake: ...


def read_pins(source: Source) -> dict[str, np.ndarray]:
    """The numbers of every pin; whether there are such cells shows when the model is built."""
    node, found = source.node("pins"), dict[str, np.ndarray]()
    for target, value in node if isinstance(node, Section) else ():
        if target == FILE and isinstance(value, Scalar) and isinstance(value.value, str):
            continue  # read from the scenario's own folder
        if source.given("pins", target) and (array := read_array(value, source.report, finite=False)) is not None:
            found[target] = array
    return found


def pins_file(tree: Section) -> Path | None:
    """The file whose arrays are pins."""
    node = at(tree, ("pins", FILE))
    return Path(node.value) if isinstance(node, Scalar) and isinstance(node.value, str) else None


def pins_in(path: Path) -> dict[str, np.ndarray]:
    """The arrays of such a file by path. Raises `BadWeightsError` for whatever is wrong with it."""
    with open_weights(path) as file:
        return {name: np.array(file.read(name)) for name in file.shapes}


def with_pins(trace: Trace, pins: Mapping[str, np.ndarray], where: MistakeAt) -> Trace:
    """The trace with these numbers held. Raises `Mistakes` with every pin that fits no tensor."""
    mistakes: list[Mistake] = []
    for target, value in pins.items():
        if len(mistakes) >= MOST:
            break
        try:
            path = parse_cell(target, slices=True)[0]
            if path == target and _is(trace, path, value):
                continue  # a leaf that starts from these numbers anyway: a full dump holds them, too
            if trace[path].node.kind == "parameter":
                mistakes.append(where(("pins", target), _parameter(path), key=True))
            else:
                shape = trace[path].node.shape
                if path == target and _real(value.shape) == _real(shape):
                    value = value.reshape(shape)  # a batch of one may be left out
                trace = trace.edit({target: value})
        except PathError as error:
            found = error.message if "[" in target or not value.ndim else _meant(trace, error.message, value)
            mistakes.append(where(("pins", target), found, key=True))
        except EditError as error:
            mistakes.append(where(("pins", target), error.message))
    if mistakes:
        raise Mistakes(mistakes)
    return trace


def _meant(trace: Trace, said: Bilingual, value: np.ndarray) -> Bilingual:
    """A pin that is called by no path: which tensor it may be, by its numbers, else by its shape.

    It is not taken for one of them: a pin changes what is computed, so no number tells for sure what it is to be.
    """
    alike = [n for n in trace.plan.nodes if _real(n.shape) == _real(value.shape) and n.kind != "parameter"]
    same = [node.path for node in alike if _equal(trace.value(node.slot), value)]
    if same:
        return Bilingual(
            "{said}; its numbers are those of {path}: call it so in the file",
            "{said}；它的数与 {path} 相同：请在文件里用这个名字",
            said=said,
            path=same[0],
        )
    if alike:
        return Bilingual(
            "{said}; a pin is called by the path of what it holds, and of its shape, {shape}, are {paths}",
            "{said}；固定值须以它所固定的张量的路径为名，形状同为 {shape} 的有 {paths}",
            said=said,
            shape="×".join(map(str, value.shape)),
            paths=", ".join(node.path for node in alike[:OFFERED]) + (" …" if len(alike) > OFFERED else ""),
        )
    return Bilingual(
        "{said}; a pin is called by the path of what it holds, and nothing has its shape, {shape}",
        "{said}；固定值须以它所固定的张量的路径为名，而没有张量的形状是 {shape}",
        said=said,
        shape="×".join(map(str, value.shape)),
    )


def _real(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape without its axes of one."""
    return tuple(n for n in shape if n != 1)


def _equal(ours: np.ndarray, value: np.ndarray) -> bool:
    with np.errstate(all="ignore"):
        return bool(np.allclose(ours.reshape(-1), value.reshape(-1), rtol=1e-5, atol=1e-8))


def _is(trace: Trace, path: str, value: np.ndarray) -> bool:
    """Whether a tensor that no step makes has these numbers already."""
    node = trace[path].node
    return node.op is None and np.array_equal(trace.value(node.slot), value)


def _parameter(path: str) -> Bilingual:
    return Bilingual(
        "{path} is a parameter, which training changes; it starts from what stands under weights.set",
        "{path} 是参数，训练会改变它；它的初值写在 weights.set 之下",
        path=path,
    )


def pins_of(trace: Trace, start: Mapping[int, np.ndarray]) -> dict[str, Any]:
    """What `pins:` has to say for a trace: its pinned cells, and those of its constants that are not as in ``start``.

    Values are numbers, or nested lists where all of a tensor, or of a row, is held.
    """
    found: dict[str, Any] = {}
    carried = {leaf for leaf, _ in trace.plan.carry}
    for node in trace.plan.nodes:
        if node.slot in trace.pins:
            pin = trace.pins[node.slot]
            found.update(_cells(node.path, pin.mask, pin.value))
        elif node.op is None and node.kind != "parameter" and node.slot not in carried and node.slot in start:
            value = trace.value(node.slot)
            found.update(_cells(node.path, _moved(value, start[node.slot]), value))
    return found


def _moved(now: np.ndarray, start: np.ndarray) -> np.ndarray:
    """The cells that differ in a bit, the sign of 0 included; nothing but numbers with a point is ever set."""
    if now is start or now.dtype.kind != "f" or now.shape != start.shape:
        return np.zeros(now.shape, bool)
    same = (now == start) & (np.signbit(now) == np.signbit(start))
    return np.asarray(~(same | (np.isnan(now) & np.isnan(start))))


def _cells(path: str, mask: np.ndarray, value: np.ndarray) -> Iterator[tuple[str, Any]]:
    """The held cells as targets: all of a tensor, whole rows, single cells."""
    if mask.all():
        yield path, value.tolist()
        return
    rows = {(*cell[:-1],): mask[(*cell[:-1],)] for cell in np.argwhere(mask).tolist()}
    for cell, held in rows.items():
        if cell and held.all():
            yield cell_name(path, cell), value[cell].tolist()
            continue
        for last in np.flatnonzero(held).tolist():
            yield cell_name(path, (*cell, last)), value[(*cell, last)].item()
