"""The scenario that a model on disk is opened as, written as a file would have it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from tfstep.errors import TfstepError
from tfstep.families.config import FamilyError
from tfstep.families.family import Family
from tfstep.families.registry import of_type, text_part
from tfstep.families.ties import untied
from tfstep.models.keys.kinds import KINDS
from tfstep.scenario.opening.checkpoint import Checkpoint
from tfstep.scenario.opening.reading import Reading
from tfstep.scenario.weights.files import open_weight_file
from tfstep.scenario.weights.weight_file import BadWeightsError
from tfstep.text import Bilingual

SAMPLE = "The capital of France is"
_SHOWN = 60  # characters of a value that a message repeats
_FEW = 8  # ids of a model without a tokenizer that is given nothing to read


def document(found: Checkpoint, reading: Reading, beside: Path | None = None) -> dict[str, Any]:
    """The keys of the scenario; paths are counted from ``beside``, else from the model's own folder.

    Raises TfstepError for what is not computed, by name and value.
    """
    found = replace(found, config=text_part(found.config))
    try:
        family = of_type(found.config.get("model_type"))
        model = family.model({k: v for k, v in found.config.items() if not k.startswith("tfstep_")})
    except FamilyError as error:
        raise TfstepError(Bilingual("{model}: {why}", "{model}：{why}", model=found.title, why=error.message)) from None
    if "tfstep_pooler" in found.config:
        model |= {"head": False, "pooler": found.config["tfstep_pooler"]}
        model |= {"pool_unit": True} if found.config["tfstep_pool_unit"] else {}
        model.pop("tie", None)
    _keep_ties(found, family, model)
    kind = model["kind"]
    sides = KINDS[kind].needs
    model.setdefault("head", True)
    model["dtype"] = reading.dtype or "float32"
    vocab: dict[str, Any] = {"size": _whole(found, "vocab_size", family.defaults.get("vocab_size"))}
    if found.tokenizer is not None:
        vocab = {"file": path(found, found.tokenizer, beside), **vocab}
    pad = found.config.get("pad_token_id", family.defaults.get("pad_token_id"))
    if found.tokenizer is None and type(pad) is int and 0 <= pad < vocab["size"]:
        vocab["pad"] = pad
    end = found.config.get("eos_token_id")
    if found.tokenizer is None and type(end) is int and 0 <= end < vocab["size"]:
        vocab["end"] = end
    start = found.config.get("decoder_start_token_id", found.config.get("pad_token_id"))
    if len(sides) > 1 and type(start) is int:
        vocab["start"] = start
    words = input_section(found, reading, kind, sides, vocab, headless=model.get("head") is False)
    return {
        "tfstep": 1,
        "title": found.title,
        "model": _short(model),
        "vocab": vocab,
        "input": words,
        "weights": {"file": path(found, found.weights, beside), "names": family.name},
    }


_PARTS = {  # what a family makes of several keys at once, or of one that is not of `model:`
    "vocab": ("vocab_size",),
    "top": ("num_experts_per_tok", "experts_per_token"),
    "d_ff": ("moe_intermediate_size",),
}


def in_their_words(config: Mapping[str, Any], ours: Iterable[str], why: Bilingual) -> Bilingual:
    """What is wrong with keys of ours, told by the keys of config.json that they were made of.

    ``ours`` are the keys where the mistake stands, innermost last; others are looked for in what is said.
    """
    config = text_part(config)
    origins = of_type(config.get("model_type")).origins(
        {k: v for k, v in config.items() if not k.startswith("tfstep_")}
    )
    for key, theirs in _PARTS.items():
        found = next((each for each in theirs if each in config), None)
        if found is not None:
            origins.setdefault(key, found)
    words = [*ours, *re.findall(r"[a-z_]+", why.in_("en"))]
    named = dict.fromkeys(origins[key] for key in words if key in origins)
    if "rope_parameters" in named and config.get("rope_scaling"):
        named = {("rope_scaling" if key == "rope_parameters" else key): None for key in named}
    said = ", ".join(f"{key} {_cut(config[key])}" for key in named if config.get(key) is not None)
    if not said:
        return why
    english, chinese = (_renamed(why.in_(lang), origins) for lang in ("en", "zh"))
    told = Bilingual.of({"en": english, "zh": chinese})
    return Bilingual("config.json: {said}: {why}", "config.json 中 {said}：{why}", said=said, why=told)


def _renamed(text: str, origins: Mapping[str, str]) -> str:
    """A sentence with our keys by their names; a key that is a word of the language too only behind `model.`. What
    could be set here and has no name there is no way out.
    """
    if "d_k" not in origins:
        text = re.sub(r"(, or give|，或写明) d_k .+$", "", text)

    def theirs(found: re.Match[str]) -> str:
        whole, key = found[0], found[2]
        return origins[key] if key in origins and (found[1] or "_" in key) else whole

    return re.sub(r"(?<![\w.])(model\.)?([a-z_]+)(?![\w.]*\w)", theirs, text)


def _cut(value: Any) -> str:
    said = json.dumps(value, ensure_ascii=False)
    return said if len(said) <= _SHOWN else said[: _SHOWN - 1] + "…"


def _keep_ties(found: Checkpoint, family: Family, model: dict[str, Any]) -> None:
    """Leave of the ties those that the file keeps to. What is wrong with the file is told when it is read."""
    if not found.weights or found.weights.endswith(".gguf"):
        return
    try:
        file = open_weight_file(found.folder / found.weights)
        kept = untied(family, model.pop("tie", []), file.shapes, file.read)
    except FamilyError as error:
        where = found.folder / found.weights
        raise TfstepError(Bilingual("{path}: {why}", "{path}：{why}", path=where, why=error.message)) from None
    except BadWeightsError:
        return
    if kept:
        model["tie"] = kept


def input_section(
    found: Checkpoint,
    reading: Reading,
    kind: str,
    sides: tuple[str, ...],
    vocab: Mapping[str, Any],
    headless: bool = False,
) -> dict[str, Any]:
    """`input:`; where nothing is asked for, a few words. A model without a head has no logits to be held to labels."""
    words: dict[str, Any] = dict(reading.changes(kind, sides).get("input", {}))
    if sides[0] not in words:
        few = {"ids": list(range(min(_FEW, vocab["size"])))}
        words[sides[0]] = SAMPLE if found.tokenizer is not None else few
    if len(sides) > 1 and sides[1] not in words:
        words[sides[1]] = {"ids": [[vocab.get("start", 0)]] * _sentences(words[sides[0]])}
    words.pop("labels", None)
    counted = not (len(sides) > 1 and isinstance(words[sides[1]], dict) and len(words[sides[1]]["ids"][0]) < 2)
    if (
        "target" in sides
        and reading.labels != "none"
        and (not headless or reading.labels == "next")
        and (reading.labels == "next" or (counted and _long(words[sides[-1]])))
    ):
        words["labels"] = "next"
    return {side: words[side] for side in (*sides, "labels") if side in words}


def _long(words: Any) -> bool:
    """Whether a row of ids has a next word at all; of texts that is not known yet."""
    return not isinstance(words, dict) or any(len(row) > 1 for row in _rows(words["ids"]))


def _rows(ids: list[Any]) -> list[list[int]]:
    return ids if ids and isinstance(ids[0], list) else [ids]


def _sentences(words: Any) -> int:
    return len(_rows(words["ids"])) if isinstance(words, dict) else len(words) if isinstance(words, list) else 1


def path(found: Checkpoint, name: str, beside: Path | None) -> str:
    """A file of the model as the scenario names it."""
    if beside is None:
        return name
    return Path(os.path.relpath(found.folder / name, beside)).as_posix()


def _whole(found: Checkpoint, key: str, default: Any) -> int:
    value = found.config.get(key, default)
    if type(value) is int and 0 < value < 2**31:
        return value
    raise TfstepError(
        Bilingual(
            "{model}: config.json: {key} is {value!r}; a whole number is needed",
            "{model}：config.json：{key} 为 {value!r}；须为整数",
            model=found.title,
            key=key,
            value=value,
        )
    )


_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_TAKEN = ("true", "false", "null", "no", "yes", "on", "off")
_ORDER = ("kind", "layers", "d_model", "heads", "kv_heads", "d_k", "d_v", "d_ff", "activation", "gated", "norm")


def _short(model: Mapping[str, Any]) -> dict[str, Any]:
    """The same with what is the default left out: a bias at every site, or at none."""
    found = {key: model[key] for key in _ORDER if key in model} | dict(model)
    width, heads = found.get("d_model", 0), found.get("heads", 1)
    for key in ("d_k", "d_v"):
        if type(width) is int and type(heads) is int and heads > 0 and found.get(key) == width // heads:
            del found[key]
    bias = {site: has for site, has in found.get("bias", {}).items() if not has}
    if found.get("norm") == "rms":
        bias.pop("norm", None)
    if found.get("head") is False:
        bias.pop("head", None)
    wanted = {"qkv", "out", "ffn"} | ({"head"} if found.get("head") is not False else set())
    if bias and set(bias) == wanted:
        found["bias"] = False
    elif bias:
        found["bias"] = bias
    else:
        found.pop("bias", None)
    return found


def as_text(keys: Mapping[str, Any]) -> str:
    """The same as the text of a file: a line a key of `model:`, the rest as short as it is."""
    lines = []
    for key, value in keys.items():
        if key == "model":
            lines += ["model:", *(f"  {name}: {flow(each)}" for name, each in value.items())]
        elif key == "input":
            lines += ["input:", *(f"  {name}: {flow(each)}" for name, each in value.items())]
        else:
            lines.append(f"{key}: {flow(value)}")
    return "\n".join(lines) + "\n"


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value not in _TAKEN:
        return value
    return json.dumps(value, ensure_ascii=False)
