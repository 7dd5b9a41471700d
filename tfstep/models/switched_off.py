"""Which parts a scenario has switched off, and with which key: worked out by building the model with another value."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, Literal, get_args, get_origin

from msgspec.structs import replace

from tfstep.engine.plan import Plan
from tfstep.engine.tape import Scope, Tape
from tfstep.errors import TfstepError
from tfstep.models.config import Inputs, ModelConfig
from tfstep.models.keys.key import Section, alternatives, bare_of, fields, keys, section_of
from tfstep.models.keys.kinds import KINDS, forward
from tfstep.models.keys.sections import LayersPart

_LAYER = re.compile(r"(enc|dec)0\.")


def switched_off(model: ModelConfig, inputs: Inputs, there: Collection[str]) -> Iterator[tuple[str, str]]:
    """The paths that are not ``there`` but that another value of one key would bring, each with that key.

    A path that needs several keys changed comes with the first of them.
    """
    now, before = dict.fromkeys(there), dict[str, Any]()
    scopes = {path.partition(".")[0] for path in there}
    for name, key in keys(ModelConfig).items():
        if model.kind not in key.kinds:
            continue
        value, default = getattr(model, name), ModelConfig.__struct_defaults__[_place(name)]
        values = _others(value, default, fields(ModelConfig)[name], name)
        if name != "kind" and value != default and key.follows is None and values:
            before[name] = values[0]
        for each in values:
            for path in _paths(replace(model, **{name: each}), inputs, model):
                if path not in now and (name != "kind" or path.partition(".")[0] in scopes):
                    now[path] = None
                    yield path, f"model.{name}"
    for name in before:
        rest = replace(model, **{other: value for other, value in before.items() if other != name})
        without = {*_paths(rest, inputs, model)}
        for path in _paths(replace(rest, **{name: before[name]}), inputs, model):
            if path not in now and path not in without:
                now[path] = None
                yield path, f"model.{name}"


def without_update(plan: Plan) -> Iterator[tuple[str, str]]:
    """The new values that are not there because their parameters are frozen."""
    for node in plan.nodes:
        if node.kind == "parameter" and plan.gradient(node) is not None and plan.new(node) is None:
            yield f"{node.path}.new", "train.freeze"


def _place(name: str) -> int:
    return ModelConfig.__struct_fields__.index(name)


def _others(value: Any, default: Any, kind: Any, name: str = "") -> list[Any]:
    """Values that a key might have instead, its default first: what may bring a part that is not there."""
    if name == "kind":
        stacks = set(KINDS[value].stacks)
        return [each for each, kind in KINDS.items() if stacks and set(kind.stacks) > stacks]
    found = [] if type(default) is int else [default]  # no size brings a part
    if isinstance(value, Section) and section_of(kind) is kind:
        for inner, each in fields(type(value)).items():
            mine, start = getattr(value, inner), getattr(type(value)(), inner)
            found += [replace(value, **{inner: other}) for other in _others(mine, start, each)]
        return [each for each in found if each != value]
    for each in alternatives(kind):
        bare = bare_of(each)
        if get_origin(bare) is Literal:
            found += get_args(bare)
        elif bare is bool:
            found += [True, False]
        elif isinstance(bare, type) and issubclass(bare, Section) and bare is not LayersPart:
            found.append(bare())
        elif default is None and bare in (int, float):
            found.append(bare(1))
        elif bare is float and default == 0:
            found.append(0.5)
    return [each for each in dict.fromkeys(found) if each != value or type(each) is not type(value)]


def _paths(model: ModelConfig, inputs: Inputs, like: ModelConfig) -> list[str]:
    """The paths of a model's forward steps, none where it cannot be built; every layer is as the first."""
    inputs = replace(inputs, source=inputs.source or inputs.target, target=inputs.target or inputs.source)
    tape = Tape()
    try:
        forward(Scope(tape), inputs, replace(model, layers=1, tie=()))
    except (TfstepError, TypeError, ValueError):
        return []
    layers = {"enc": like.encoder_layers, "dec": like.decoder_layers}
    found: list[str] = []
    for path in tape.paths:
        stack = _LAYER.match(path)
        found += [path.replace("0", str(n), 1) for n in range(layers[stack[1]])] if stack else [path]
    return found
