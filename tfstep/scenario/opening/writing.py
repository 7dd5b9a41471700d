"""A scenario as a folder that `transformers` opens: its config.json and model.safetensors.

A family is taken only where a scenario that is opened from its config is this model again, key by key.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import asdict, replace

from tfstep.errors import TfstepError, refusal
from tfstep.families.back import checkpoint, config_for
from tfstep.families.config import FamilyError
from tfstep.families.family import Family
from tfstep.families.registry import families, family, text_part
from tfstep.models.config import ModelConfig
from tfstep.scenario.opening.checkpoint import Checkpoint
from tfstep.scenario.opening.document import as_text, document
from tfstep.scenario.opening.reading import Reading
from tfstep.scenario.scenario import Scenario, load_text
from tfstep.scenario.tokens.tokenizer import read_json
from tfstep.scenario.weights.back import their_names
from tfstep.scenario.weights.files import expect_weights, write_weights
from tfstep.text import Bilingual


def write(scenario: Scenario, folder: Path) -> str:
    """Write the folder, and say as which family. Raises TfstepError where no family has this model, or for a folder
    that is there already.
    """
    plan = scenario.program.plan
    leaves = scenario.program.leaves
    arrays = {node.path: leaves[node.slot] for node in plan.nodes if node.kind == "parameter"}
    taken, config = _family(scenario)
    own = scenario.program.taken
    names = their_names(scenario) if own is not None and own.family == taken.name else {}
    try:
        rows = scenario.model.positions or _positions(scenario)
        tensors = checkpoint(taken, _lengthened(arrays, rows), names, scenario.model)
    except FamilyError as error:
        raise TfstepError(error.message) from None
    expect_weights(array.nbytes for array in tensors.values())
    try:
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(json.dumps(config | {"dtype": scenario.model.dtype}, indent=1) + "\n")
    except OSError as error:
        raise TfstepError(
            Bilingual("{path} cannot be written: {why}", "无法写入 {path}：{why}", path=folder, why=refusal(error))
        ) from None
    write_weights(folder / "model.safetensors", tensors)
    return taken.name


def _family(scenario: Scenario) -> tuple[Family, dict[str, Any]]:
    """The family of this model, with its config. Raises TfstepError that tells how the nearest one differs."""
    nearest: tuple[int, str, list[str]] | None = None
    for each, config in _candidates(scenario):
        differs = _differences(each, config, scenario)
        if not differs:
            return each, config
        if nearest is None or len(differs) < nearest[0]:
            nearest = len(differs), each.name, differs
    if nearest is None:
        raise TfstepError(
            Bilingual(
                "no family has models of kind {kind}", "没有哪个家族有 {kind} 类型的模型", kind=scenario.model.kind
            )
        )
    raise TfstepError(
        Bilingual(
            "no family has this model; {name} is nearest, and differs in {keys}",
            "没有哪个家族有这样的模型；最接近的是 {name}，不同之处：{keys}",
            name=nearest[1],
            keys="; ".join(dict.fromkeys(nearest[2][:6])),
        )
    )


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


def _differences(each: Family, config: Mapping[str, Any], scenario: Scenario) -> list[str]:
    """The keys in which the model of a config is not this one."""
    found = Checkpoint(Path(), each.name, config, "", None)
    try:
        text = as_text({**document(found, Reading()), "weights": {}})
        theirs = load_text(text).model
    except TfstepError as error:
        return [str(error).splitlines()[0][:120]] * len(ModelConfig.__struct_fields__)  # further than any that builds
    ours, theirs_too = _plain(scenario.model), _plain(theirs)
    if ours["tie"] == _own_head(theirs_too["tie"]):  # both are written, and what a file has twice stays two
        theirs_too["tie"] = ours["tie"]
    return [f"{key}: {ours[key]} / {theirs_too[key]}" for key in ours if ours[key] != theirs_too.get(key)]


def _own_head(ties: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The same ties without the output layer."""
    rest = [tuple(path for path in group if path != "out.W") for group in ties]
    return [group for group in rest if len(group) > 1]


def _plain(model: ModelConfig) -> dict[str, Any]:
    """The keys that make a model what it is: neither its precision, nor how a hidden score is written."""
    ties = sorted(tuple(sorted(group)) for group in model.tie)
    if model.experts is not None and model.experts.d_ff is None:
        model = replace(model, experts=replace(model.experts, d_ff=model.d_ff))
    same = replace(model, dtype="float64", mask_value=-1e9, positions=None, tie=())
    layers = (model.encoder_layers, model.decoder_layers)
    return {
        **asdict(same),
        "layers": layers,
        "tie": ties,
        **{f"bias.{site}": has for site, has in _bias(model).items()},
        "bias": None,
    }


def _bias(model: ModelConfig) -> dict[str, bool]:
    sites = ("qkv", "out", "ffn", "norm", "head")
    if isinstance(model.bias, bool):
        found = {site: model.bias or site == "norm" for site in sites}
    else:
        found = {site: bool(getattr(model.bias, site)) for site in sites}
    return found | ({"norm": False} if model.norm == "rms" else {}) | ({} if model.head else {"head": False})
