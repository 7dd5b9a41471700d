"""Holding tfstep's single operations against the recorded ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from parity_difference import Difference, difference
from parity_pack import Case

import tfstep.ops  # noqa: F401  # enters the operations in the catalogue
from tfstep.engine.op import CATALOGUE


def attributes(told: dict[str, Any]) -> tuple[list[np.ndarray], dict[str, Any]]:
    """What tfstep's op takes beyond the recorded inputs: further arrays, and attributes."""
    if told["op"] == "cross_entropy":
        labels = np.array(told["labels"])
        return [labels], {"keep": tuple(np.flatnonzero(labels.ravel() != told["pad"]).tolist())}
    return [], {"eps": told["eps"]} if "eps" in told else {}


def compare_op(case: Case) -> list[Difference]:
    """The op's result, and its VJP for each input that PyTorch gave a gradient."""
    told = case.scenario
    op = CATALOGUE.ops[told["op"]]
    more, attrs = attributes(told)
    inputs = [np.array(value, dtype=np.float64) for value in told["inputs"].values()] + more
    y = op(*inputs, **attrs)
    found = [difference("y", np.asarray(y), case.numbers["y"], case.dtype)]
    for index, name in enumerate(told["inputs"]):
        if f"{name}.grad" not in case.numbers:
            continue
        vjp = op.vjp(index)
        if vjp is None:
            found.append(Difference(f"{name}.grad: {op} has no VJP for it", np.inf, np.inf, np.inf))
            continue
        gradient = np.asarray(vjp(np.array(told["g"]), y, *inputs, **attrs))
        found.append(difference(f"{name}.grad", gradient, case.numbers[f"{name}.grad"], case.dtype))
    return found
