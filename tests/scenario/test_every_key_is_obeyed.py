"""Every key of a scenario, changed on every kind of model: a number or a path changes, or the key is refused."""

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

import numpy as np
import pytest
from msgspec import Meta
from msgspec.structs import fields as struct_fields

from tfstep.commands.language.session import Session
from tfstep.errors import TfstepError
from tfstep.models.keys.key import Section, alternatives, bare_of, choices_of, fields, keys, section_of
from tfstep.scenario.keys.schema import PARTS
from tfstep.scenario.scenario import load_text

Document = dict[str, Any]
WORDS: Document = {"vocab": ["<pad>", "a", "b", "c"], "weights": {"seed": 1, "init": {"normal": 0.5}}}
READ, SAID = [["a", "b", "c"], ["b", "c"]], [["b", "c", "a"], ["c", "a"]]
SIZES = {"d_model": 8, "heads": 2, "d_ff": 6}
X = [[1.0, 0.5, 0, 0.2], [0.3, -1, 0.4, 0.1], [0.7, 0.1, -0.2, 0.3]]
BASES: dict[str, Document] = {
    "encoder": {"model": {"kind": "encoder", **SIZES}, **WORDS, "input": {"source": READ, "labels": SAID}},
    "decoder": {
        "model": {"kind": "decoder", **SIZES},
        **WORDS,
        "input": {"target": [["a", "b", "c"], ["<pad>", "b", "c"]], "labels": [["b", "c", "a"], ["<pad>", "c", "a"]]},
    },
    "encoder-decoder": {
        "model": {"kind": "encoder-decoder", **SIZES},
        **WORDS,
        "input": {"source": READ, "target": READ, "labels": SAID},
    },
    "attention": {
        "model": {"kind": "attention", "d_model": 4, "heads": 2},
        "weights": {"seed": 1},
        "input": {"x": X},
        "loss": {"kind": "mse", "target": [[0, 0, 0, 0], [1, 1, 1, 1], [0.5, 0, 0.5, 0]]},
    },
    "mlp": {
        "model": {"kind": "mlp", "sizes": [2, 3, 2]},
        "weights": {"seed": 1},
        "input": {"x": [[1.0, 0.5], [0.3, -1]]},
        "loss": {"kind": "mse", "target": [[0, 1], [1, 0]]},
    },
    "formula": {
        "model": {"kind": "formula", "given": {"x": 2.0}, "parameters": {"w": 0.5}, "steps": {"y": "sigmoid(w*x)"}},
        "loss": "(y-1)**2",
    },
}
POSITIONS = "rope|alibi|relative|position|sinusoids|offset"
SWITCHED: dict[str, tuple[str, str, Document]] = {
    "linear rope": (
        "decoder",
        "rope",
        {"model": {"positional": "rope", "rope": {"scaling": {"kind": "linear", "factor": 2.0}}}},
    ),
    "llama3": (
        "decoder",
        "rope",
        {"model": {"positional": "rope", "rope": {"scaling": {"kind": "llama3", "factor": 4, "original": 16}}}},
    ),
    "dynamic": (
        "encoder",
        "rope",
        {"model": {"positional": "rope", "rope": {"scaling": {"kind": "dynamic", "original": 2}}}},
    ),
    "yarn": (
        "decoder",
        "rope",
        {
            "model": {
                "d_k": 16,
                "positional": "rope",
                "rope": {"scaling": {"kind": "yarn", "factor": 4, "original": 64}},
            }
        },
    ),
    "longrope": (
        "decoder",
        "rope",
        {
            "model": {
                "positional": "rope",
                "rope": {"scaling": {"kind": "longrope", "factor": 2, "original": 2, "short": [1, 1], "long": [2, 3]}},
            }
        },
    ),
    "learned": ("decoder", POSITIONS, {"model": {"positional": "learned"}}),
    "alibi": ("decoder", POSITIONS, {"model": {"positional": "alibi"}}),
    "relative": (
        "decoder",
        POSITIONS,
        {"model": {"positional": "relative", "relative": {"buckets": 4, "distance": 3}}},
    ),
    "no positions": ("decoder", POSITIONS, {"model": {"positional": "none"}}),
    "no norm": ("decoder", "norm|eps", {"model": {"norm": "none"}}),
    "no residual": ("decoder", "residual|parallel", {"model": {"residual": False}}),
    "no projections": ("encoder", "bias|qk|heads|d_[kv]", {"model": {"projections": False, "output": False}}),
    "adam": ("mlp", "train", {"train": {"optimizer": "adam"}}),
    "adamw": ("mlp", "train", {"train": {"optimizer": "adamw"}}),
    "momentum": ("mlp", "train", {"train": {"momentum": 0.5}}),
    "cosine": ("mlp", "train", {"train": {"steps": 5, "schedule": {"kind": "cosine"}}}),
    "constant": ("mlp", "train", {"train": {"steps": 5, "schedule": {"kind": "constant", "warmup": 1}}}),
    "experts": ("decoder", "experts|activation|gated|d_ff|bias", {"model": {"experts": {"count": 3, "top": 2}}}),
    "dropout": ("encoder", "dropout|mode", {"model": {"dropout": 0.5}}),
    "mask of numbers": ("encoder", "mask", {"model": {"mask": {"custom": [[0.0, 1, 1], [1, 0, 1], [1, 1, 0]]}}}),
    "a row with nothing": (
        "decoder",
        "mask",
        {"input": {"target": [["<pad>", "b", "c"]], "labels": [["<pad>", "c", "a"]]}},
    ),
    "mean squares": ("encoder", "loss", {"loss": {"kind": "mse", "of": "out.logits", "target": [[[0.0] * 4] * 3] * 2}}),
}
AS_THEY_ARE: dict[str, tuple[str, str, Any]] = {
    "model.kv_heads": ("2 is how many heads there are", "encoder", 1),
    "model.d_k": ("the width over the heads is the default", "encoder", 3),
    "model.d_v": ("the width over the heads is the default", "encoder", 3),
    "model.positional": ("none is the default of kind attention", "attention", "rope"),
    "model.mask.causal": ("false is the default of kind attention", "decoder", False),
    "model.mask.empty": ("every row has something left to look at", "a row with nothing", "zero"),
    "model.mask.prefix": ("the first word is seen by all as it is", "decoder", 2),
    "model.window": ("as wide as the sentence", "encoder", 1),
    "model.chunk": ("as wide as the sentence", "encoder", 1),
    "model.rope.scaling.original": ("yarn rounds its ramp to whole pairs", "yarn", 4),
    "model.rope.scaling.beta_fast": ("yarn rounds its ramp to whole pairs", "yarn", 1.5),
    "model.rope.scaling.beta_slow": ("yarn rounds its ramp to whole pairs", "yarn", 20.0),
    "model.rope.scaling.truncate": ("the ends of the ramp are beyond the pairs", "yarn", False),
    "model.rope.scaling.high": ("no pair turns so fast", "llama3", 100.0),
    "model.rope.scaling.low": ("no pair turns so slowly", "llama3", 3.9),
    "model.positions": ("as many rows as are needed", "learned", 9),
    "loss.reduction": ("the default of that kind", "encoder", "sum"),
    "train.weight_decay": ("the default of that optimizer", "adam", 0.5),
    "train.schedule.total": ("equal to train.steps", "cosine", 4),
    "weights.seed": ("a formula's parameters are given, none is drawn", "mlp", 5),
}
"""Keys of which a value may leave all as it is, and why; and a value that does not."""
SAME = {
    "model.norm_position": "where no norms are, they may be anywhere",
    "model.head": "there are labels, so it is on already; off is refused",
    "model.relative.distance": "the sentence is shorter",
    "model.mode": "nothing drops where no rate is above 0: both modes are the same",
    "loss.kind": "the default, where there are labels",
    "train.steps": "the test says itself how many",
}


def everything(document: Document) -> dict[str, np.ndarray]:
    """Every number of the first pass and of that after two updates, by path."""
    scenario = load_text(json.dumps(document))
    first, session = scenario.program.trace(), Session(scenario)
    session.run("train 2")
    found = {f"{path} at first": np.asarray(first[path].value) for path in first.plan.paths}
    return found | {path: np.asarray(session.trace[path].value) for path in session.trace.plan.paths}


def alike(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return set(a) == set(b) and all(
        one.dtype == b[path].dtype and np.array_equal(one, b[path], equal_nan=one.dtype.kind == "f")
        for path, one in a.items()
    )


def values(kind: Any) -> Iterator[Any]:
    """Some values of a type, within its limits."""
    for each in alternatives(kind):
        bare, limits = bare_of(each), get_args(each)[1] if get_origin(each) is Annotated else Meta()
        if choices := choices_of(bare):
            yield from choices
        elif bare is bool:
            yield from (True, False)
        elif bare in (int, float):
            tried = (0, 1, 2, 3) if bare is int else (-1.5, 0.0, 0.25, 0.3, 1.5, 3.0)
            low = -np.inf if limits.ge is None else limits.ge
            high = np.inf if limits.le is None else limits.le
            above, below = -np.inf if limits.gt is None else limits.gt, np.inf if limits.lt is None else limits.lt
            yield from (n for n in tried if low <= n <= high and above < n < below)
        elif get_origin(bare) in (tuple, list):
            yield from ([one] * (limits.min_length or 1) for one in list(values(get_args(bare)[0]))[:4])


def asked(kind: str, part: type[Section], *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every key of a section that a kind has, and of the sections in it, with values other than the default."""
    defaults = {field.name: field.default for field in struct_fields(part)}
    for name, of in fields(part).items():
        key = keys(part).get(name)
        if key is not None and kind not in key.kinds:
            continue
        if (section := section_of(of)) is not None:
            yield from asked(kind, section, *path, name)
        yield from (((*path, name), value) for value in values(of) if value != defaults[name])


def with_key(document: Document, path: tuple[str, ...], value: Any) -> Document | None:
    """The document with one key changed; None where it has that value, or no section to put it in."""
    changed: Document = json.loads(json.dumps(document))
    here = changed
    for name in path[:-1]:
        here = here.setdefault(name, {})
        if not isinstance(here, dict):
            return None
    if here.get(path[-1]) == value:
        return None
    here[path[-1]] = value
    return changed


def merged(document: Document, more: Document) -> Document:
    deeper = {
        name: merged(document[name], each) if isinstance(each, dict) and isinstance(document.get(name), dict) else each
        for name, each in more.items()
    }
    return document | deeper


def base(name: str) -> tuple[str, str, Document]:
    """The kind, the keys that are tried, and the file."""
    kind, tried, more = SWITCHED.get(name, (name, "", {}))
    return kind, tried, merged({**BASES[kind], "train": {"lr": 0.1, "steps": 2}}, more)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*BASES, *SWITCHED])
def test_a_key_is_obeyed_or_refused(name: str) -> None:
    kind, tried, document = base(name)
    before, silent, changes = everything(document), dict[str, list[Any]](), 0
    for section in ("model", "input", "loss", "train", "weights"):
        for path, value in asked(kind, PARTS[section], section):
            key, other = ".".join(path), with_key(document, path, value)
            if other is None or key == "model.kind" or not re.search(tried, key):
                continue
            try:
                after = everything(other)
            except TfstepError:
                continue
            if alike(before, after):
                silent.setdefault(key, []).append(value)
            else:
                changes += 1
    assert {key: found for key, found in silent.items() if key not in AS_THEY_ARE | SAME} == {}
    assert changes


@pytest.mark.slow
@pytest.mark.parametrize("key", AS_THEY_ARE)
def test_a_key_that_may_be_silent_speaks_elsewhere(key: str) -> None:
    _, name, value = AS_THEY_ARE[key]
    document = base(name)[2]
    other = with_key(document, tuple(key.split(".")), value)
    assert other is not None
    assert not alike(everything(document), everything(other))


SGD, ADAM = {"optimizer": "sgd"}, {"optimizer": "adam"}


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        ("mlp", {"train": {**ADAM, "momentum": 0.9}}, "momentum has nothing to act on; it needs optimizer: sgd"),
        ("mlp", {"train": {**SGD, "betas": [0.9, 0.99]}}, "betas has nothing to act on; it needs optimizer: adam"),
        ("mlp", {"train": {"eps": 1e-6}}, "eps has nothing"),
        ("mlp", {"train": {"teacher_forcing": False}}, "teacher_forcing has nothing"),
        ("mlp", {"model": {"bias": {"qkv": False}}}, "qkv has nothing"),
        ("attention", {"model": {"rope": {"base": 100}}}, "base has nothing to act on; it needs positional: rope"),
        ("attention", {"input": {"offset": 3}}, "offset has nothing"),
        ("attention", {"model": {"mask_value": -5}}, "mask_value has nothing"),
        ("encoder", {"model": {"relative": {"distance": 9}}}, "distance has nothing"),
        ("encoder", {"model": {"norm": "none", "eps": 1e-3}}, "eps has nothing"),
        ("encoder", {"weights": {"partial": True}}, "partial has nothing to act on; it needs weights.file"),
        (
            "decoder",
            {"model": {"d_k": 2, "positional": "rope", "rope": {"scaling": {"kind": "dynamic", "factor": 2}}}},
            "two pairs are needed",
        ),
        (
            "decoder",
            {"model": {"positional": "relative", "relative": {"buckets": 8, "distance": 4}}},
            "relative.distance is 4, and the first 4 distances have a bucket each",
        ),
        (
            "decoder",
            {
                "model": {
                    "positional": "rope",
                    "rope": {
                        "scaling": {"kind": "longrope", "factor": 2, "original": 1, "short": [1, 1], "long": [1, 1]}
                    },
                }
            },
            "longrope with original 1",
        ),
    ],
)
def test_what_a_key_without_an_effect_is_told(kind: str, more: Document, said: str) -> None:
    with pytest.raises(TfstepError) as caught:
        load_text(json.dumps(merged(BASES[kind], more)))
    assert said in str(caught.value)


def test_what_a_variant_switches_off_keeps_its_keys() -> None:
    text = """model: {kind: attention, d_model: 4, positional: rope, rope: {base: 100}}
input: {x: [[1, 0, 0, 1]]}
train: {optimizer: adam, betas: [0.8, 0.9]}
variants:
  no-position: {model: {positional: none}}
  plain: {train: {optimizer: sgd}}
"""
    found = load_text(text)
    assert {found.with_variant(name).model.positional for name in found.variants} == {"rope", "none"}
    assert found.with_changes({"model": {"positional": "none"}}).model.positional == "none"
    with pytest.raises(TfstepError, match="momentum has nothing"):
        load_text(text + "  wrong: {train: {momentum: 0.5}}\n")
