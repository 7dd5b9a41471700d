"""A scenario as a folder that `transformers` opens: its config.json and model.safetensors.

A family is taken only where a scenario that is opened from its config is this model again, key by key.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct, to_builtins
from msgspec.structs import replace

from tfstep import work
from tfstep.errors import TfstepError
from tfstep.families.back import checkpoint, config_for
from tfstep.families.config import FamilyError
from tfstep.families.family import Family
from tfstep.families.registry import families, family, text_part
from tfstep.files import fresh_folder, unwritable
from tfstep.models.build import build
from tfstep.models.config import LossConfig, ModelConfig
from tfstep.models.keys.sections import BiasPart
from tfstep.scenario.file.mistakes import Mistakes
from tfstep.scenario.opening.checkpoint import Checkpoint
from tfstep.scenario.opening.document import as_text, document, flow
from tfstep.scenario.opening.reading import Reading
from tfstep.scenario.scenario import Scenario, load_text
from tfstep.scenario.tokens.tokenizer import read_json
from tfstep.scenario.weights.back import their_names
from tfstep.scenario.weights.files import expect_weights, write_weights
from tfstep.text import Bilingual

MOST = 6  # keys that a message names
LONG = 60  # characters of a value in it
SITES = ("qkv", "out", "ffn", "norm", "head")


class Match(Struct, frozen=True):
    """A family that a model was held against: the keys in which its own is another, as (key, ours, theirs), and the
    sites of biases that it has; ``why`` it cannot have such a model at all."""

    family: Family
    config: dict[str, Any]
    differs: tuple[tuple[str, Any, Any], ...] = ()
    bias: BiasPart = BiasPart()
    why: Bilingual | None = None
    said: bool = True  # whether its config.json can say this model


def write(scenario: Scenario, folder: Path) -> str:
    """Write the folder, and say as which family. Raises TfstepError where no family has this model, or for a folder
    that is there already.
    """
    leaves = scenario.program.leaves
    parameters = [node for node in scenario.program.plan.nodes if node.kind == "parameter"]
    arrays = {node.path: leaves[node.slot] for node in work.each(parameters, work.TENSORS)}
    match = _family(scenario, arrays)
    taken, config = match.family, match.config
    own = scenario.program.taken
    names = their_names(scenario) if own is not None and own.family == taken.name else {}
    try:
        rows = scenario.model.positions or _positions(scenario)
        arrays = _with_biases(scenario, arrays, match.bias)
        tensors = checkpoint(taken, _lengthened(arrays, rows), names, scenario.model)
    except FamilyError as error:
        raise TfstepError(error.message) from None
    expect_weights(array.nbytes for array in tensors.values())
    text = json.dumps(config | {"dtype": scenario.model.dtype}, indent=1) + "\n"
    try:
        with fresh_folder(folder) as part:
            (part / "config.json").write_text(text)
            write_weights(part / "model.safetensors", tensors)
    except OSError as error:
        raise unwritable(folder, error) from None
    return taken.name


def _family(scenario: Scenario, arrays: Mapping[str, np.ndarray]) -> Match:
    """The family of this model, with its config. Raises TfstepError that tells how the nearest one differs."""
    nearest: Match | None = None
    for each, config in _candidates(scenario):
        match = _held(each, config, scenario, arrays)
        if not match.differs and match.why is None:
            return match
        if nearest is None or _far(match) < _far(nearest):
            nearest = match
    if nearest is None:
        raise TfstepError(
            Bilingual(
                "no family has models of kind {kind}", "没有哪个家族有 {kind} 类型的模型", kind=scenario.model.kind
            )
        )
    name = nearest.family.name
    if nearest.why is not None:
        raise TfstepError(
            Bilingual(
                "no family has this model; {name} is nearest, and cannot have it: {why}",
                "没有哪个家族有这样的模型；最接近的是 {name}，但它也不行：{why}",
                name=name,
                why=nearest.why,
            )
        )
    said = [f"{key}: {_cut(ours)} ({name}: {_cut(theirs)})" for key, ours, theirs in nearest.differs]
    raise TfstepError(
        Bilingual(
            "no family has this model; {name} is nearest, and differs in {keys}{more}",
            "没有哪个家族有这样的模型；最接近的是 {name}，不同之处：{keys}{more}",
            name=name,
            keys=", ".join(said[:MOST]),
            more=Bilingual(", and {n} more keys", "，另有 {n} 个键", n=len(said) - MOST) if len(said) > MOST else "",
        )
    )


def _far(match: Match) -> int:
    """How far a family is from a model: one that cannot have it further than any whose keys differ, and one whose
    config.json cannot even say it further still."""
    return len(match.differs) if match.why is None else 10**6 if match.said else 10**7


def _cut(value: Any) -> str:
    """A value as a scenario file has it."""
    said = flow(value)
    return said if len(said) <= LONG else said[: LONG - 1] + "…"


def _with_biases(scenario: Scenario, arrays: dict[str, np.ndarray], bias: BiasPart) -> dict[str, np.ndarray]:
    """The same with the biases of these sites: what is 0 may be left out, and what is not there is 0."""
    plan = build(replace(scenario.model, bias=bias), scenario.inputs, LossConfig("none"), scenario.train)
    return {
        node.path: arrays[node.path] if node.path in arrays else np.zeros(node.shape, scenario.model.dtype)
        for node in plan.nodes
        if node.kind == "parameter"
    }


def _candidates(scenario: Scenario) -> Iterator[tuple[Family, dict[str, Any]]]:
    sentences = scenario.inputs.target or scenario.inputs.source
    if sentences is None:
        return
    vocab, positions = len(sentences.vocab), _positions(scenario)
    own = scenario.program.taken.family if scenario.program.taken is not None else ""
    file = scenario.weights.file
    if own and file is not None and (beside := file.parent / "config.json").is_file():
        config = read_json(beside)
        if isinstance(config, dict):
            yield family(own), dict(text_part(config))
    for each in families():
        if each.kind == scenario.model.kind and each.architecture:
            try:
                yield each, {**_roles(each, scenario), **config_for(each, scenario.model, vocab, positions)}
            except (AttributeError, TypeError, ZeroDivisionError):
                continue


def _roles(each: Family, scenario: Scenario) -> dict[str, Any]:
    """The ids that fill up a sentence, and begin what a decoder reads."""
    source, target = scenario.inputs.source, scenario.inputs.target
    if source is None:
        return {}
    pad = {} if "pad_token_id" in each.keys else {"pad_token_id": 0 if source.pad is None else source.pad}
    return pad if target is None else {**pad, "decoder_start_token_id": int(target.ids[0, 0])}


def _positions(scenario: Scenario) -> int:
    """The rows of a learned table that has every position that is read."""
    sides = [side for side in (scenario.inputs.source, scenario.inputs.target) if side is not None]
    return scenario.inputs.offset + scenario.model.position_offset + max(len(side.ids[0]) for side in sides)


def _lengthened(arrays: dict[str, np.ndarray], rows: int) -> dict[str, np.ndarray]:
    """The same with tables of positions of so many rows: a config has one number for both sides."""
    found = dict(arrays)
    for path in ("src.pos", "tgt.pos"):
        if path in found and len(found[path]) < rows:
            found[path] = np.pad(found[path], ((0, rows - len(found[path])), (0, 0)))
    return found


def _held(each: Family, config: dict[str, Any], scenario: Scenario, arrays: Mapping[str, np.ndarray]) -> Match:
    """The keys in which the model of a config is not this one. A bias that is 0 everywhere is as good as none."""
    found = Checkpoint(Path(), each.name, config, "", None)
    try:
        text = as_text({**document(found, Reading()), "weights": {}})
    except TfstepError as error:
        return Match(each, config, why=error.message, said=False)
    try:
        theirs = load_text(text).model
    except Mistakes as error:
        return Match(each, config, why=error.mistakes[0].message)
    ours, theirs_too = _plain(scenario.model), _plain(theirs)
    if ours["tie"] == _own_head(theirs_too["tie"]):  # both are written, and what a file has twice stays two
        theirs_too["tie"] = ours["tie"]
    for site in SITES:
        key = f"bias.{site}"
        if ours[key] is False or not any(array.any() for path, array in arrays.items() if _site(path) == site):
            ours[key] = theirs_too[key]
    bias = BiasPart(**{site: theirs.bias_at(site) for site in SITES})
    return Match(each, config, tuple(_differences("", ours, theirs_too)), bias)


def _differences(before: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """The keys with other values, those of a section that both have by their dots: ``rope.base``."""
    for key in dict.fromkeys((*ours, *theirs)):
        one, two = ours.get(key), theirs.get(key)
        if isinstance(one, Mapping) and isinstance(two, Mapping):
            yield from _differences(f"{before}{key}.", one, two)
        elif one != two:
            yield before + key, one, two


def _site(path: str) -> str:
    """What `model.bias` calls the place of a bias; nothing for another parameter."""
    last = path.rpartition(".")[2]
    if last == "b":
        return "head" if path.startswith("out.") else ""
    if last in ("b_Q", "b_K", "b_V"):
        return "qkv"
    return "norm" if last == "beta" else "out" if last == "b_O" else "ffn" if last.startswith("b_") else ""


def _own_head(ties: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The same ties without the output layer."""
    rest = [tuple(path for path in group if path != "out.W") for group in ties]
    return [group for group in rest if len(group) > 1]


def _plain(model: ModelConfig) -> dict[str, Any]:
    """The keys that make a model what it is, as a file has them: neither its precision, nor how a hidden score is
    written."""
    ties = sorted(tuple(sorted(group)) for group in model.tie)
    if model.experts is not None and model.experts.d_ff is None:
        model = replace(model, experts=replace(model.experts, d_ff=model.d_ff))
    same = replace(model, dtype="float64", mask_value=-1e9, positions=None, tie=(), bias=True)
    layers = (model.encoder_layers, model.decoder_layers)
    sites = {f"bias.{site}": model.bias_at(site) for site in SITES}
    sites |= ({"bias.norm": False} if model.norm == "rms" else {}) | ({} if model.head else {"bias.head": False})
    plain = to_builtins(same, builtin_types=(float,))
    return {**plain, "layers": max(layers) if 0 in layers else list(layers), "tie": ties, **sites}
