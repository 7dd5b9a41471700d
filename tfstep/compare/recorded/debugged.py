"""What ``transformers.model_addition_debugger_context`` writes: a tree of modules with their inputs and outputs.

The numbers stand in ``.safetensors`` files beside it (``use_repr=False``), or in the tree as PyTorch prints them, with
five digits (transformers 5.24).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from tfstep.compare.recorded.note import Note, RecordingError, bad
from tfstep.compare.recorded.recording import Recording
from tfstep.compare.recorded.tensors import of_safetensors
from tfstep.text import Bilingual

_AROUND = re.compile(r"tensor\((.*?)(?:,\s*(?:dtype|device|grad_fn|requires_grad)=[^\[\]]*)?\)\s*$", re.DOTALL)


def debugged(path: Path) -> Recording:
    """The outputs in such a tree, in the order of the run. Raises RecordingError."""
    tree = json.loads(path.read_text("utf-8"))
    found, printed = Recording(), False
    for name, value in _given(tree, path.parent):
        found.add(name, value, Note("input"))
    for name, value in _leaves(tree, path.parent):
        printed = printed or value.dtype == np.float16
        found.add(name, value, Note(op=name))
    if all(found.note(name).kind == "input" for name in found):
        why = Bilingual("there are no tensors in this tree; let the debugger write them (do_prune_layers=False)",
                        "这棵树里没有张量；请让调试器写出张量（do_prune_layers=False）")  # fmt: skip
        raise bad(path, why)
    if printed:
        digits = Bilingual(
            "its numbers are printed with five digits, and held as float16; the debugger keeps all with use_repr=False",
            "其中的数只打印了五位，按 float16 对照；调试器用 use_repr=False 可保留全部位数",
        )
        found.remarks = (digits,)
    return found


def _given(tree: object, folder: Path) -> Iterator[tuple[str, np.ndarray]]:
    """The ids and masks that the outermost module reads, where they are there."""
    given = tree.get("inputs") if isinstance(tree, dict) else None
    if not isinstance(given, dict):
        return
    named = given.get("kwargs")
    first = given.get("args")
    for name, value in (
        *({"input_ids": first[0]} if isinstance(first, list) and first else {}).items(),
        *(named if isinstance(named, dict) else {}).items(),
    ):
        with suppress(RecordingError):  # a file that was deleted
            yield from ((name, array) for _, array in _tensors(name, value, folder) if array.dtype.kind in "iub")


def _leaves(tree: object, folder: Path) -> Iterator[tuple[str, np.ndarray]]:
    """The outputs of the innermost modules first, then those around them: the order of the run."""
    if not isinstance(tree, dict):
        return
    name = str(tree.get("module_path", ""))
    children = tree.get("children")
    for child in children if isinstance(children, list) else ():
        yield from _leaves(child, folder)
    yield from _tensors(name, tree.get("outputs"), folder)


def _tensors(name: str, value: object, folder: Path) -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(value, list):
        for k, each in enumerate(value):
            yield from _tensors(f"{name}.{k}" if k else name, each, folder)
    if not isinstance(value, dict):
        return
    kept = value.get("value")
    if isinstance(kept, str) and kept.endswith(".safetensors") and "shape" in value:
        yield name, next(iter(of_safetensors(folder / Path(kept).name).arrays.values()))
    elif isinstance(kept, list) and "shape" in value:
        numbers = _printed("\n".join(map(str, kept)))
        if numbers is not None:
            yield name, numbers
    elif "shape" not in value:
        for key, each in value.items():
            yield from _tensors(f"{name}.{key}", each, folder)


def _printed(text: str) -> np.ndarray | None:
    """The numbers of ``tensor([[…]])`` as printed; None where some are left out."""
    around = _AROUND.match(text)
    if around is None or "..." in text:
        return None
    plain = re.sub(r"\bnan\b", "NaN", re.sub(r"\binf\b", "Infinity", around[1]))
    try:
        numbers = np.array(json.loads(re.sub(r"(\d)\.(?=\D|$)", r"\1.0", plain)))
    except ValueError:
        return None
    with np.errstate(over="ignore"):
        return numbers.astype(np.float16) if numbers.dtype.kind == "f" else numbers
