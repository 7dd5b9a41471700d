"""Keys that have nothing to act on: each is obeyed, or refused with what it needs."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from tfstep.models.config import ModelConfig, TrainConfig
from tfstep.models.keys.sections import OWN
from tfstep.scenario.file.nodes import Keys, at
from tfstep.scenario.keys.typed import Source
from tfstep.text import Bilingual

TURNED, ADDED = ("rope",), ("sinusoidal", "learned")


class Idle(Struct, frozen=True):
    """Keys of a section that act only where ``acts``; ``switches`` are the keys that decide it, ``needs`` says it."""

    keys: tuple[str, ...]
    acts: bool
    switches: tuple[str, ...]
    needs: str


def refuse_idle(source: Source, model: ModelConfig, train: TrainConfig) -> None:
    """Note every key that the file gives and nothing obeys.

    What a variant has switched off keeps its keys: those that stand outside of the variants are not held against it.
    """
    for rule in [*_of_model(source, model), *_of_training(source, model, train)]:
        if rule.acts:
            continue
        for name in rule.keys:
            keys = tuple(name.split("."))
            switched = any(source.changed(tuple(each.split("."))) for each in rule.switches)
            if source.given(*keys) and not (switched and not source.changed(keys)) and not _says_nothing(source, keys):
                message = Bilingual(
                    "{key} has nothing to act on; it needs {needs}",
                    "{key} 在这里不起作用；它需要 {needs}",
                    key=keys[-1],
                    needs=rule.needs,
                )
                source.add(keys, message, key=True)


def _says_nothing(source: Source, keys: Keys) -> bool:
    """Whether the value is the one that the key has where it is left out."""
    node = at(source.tree, keys)
    part: object = source.part
    default: object = type(source.part)()
    for key in keys:
        part, default = getattr(part, str(key), None), getattr(default, str(key), None)
    return node is not None and part == default


def _of_model(source: Source, c: ModelConfig) -> Iterator[Idle]:
    if c.has("attention"):
        yield from _of_positions(source, c)
        masks = c.has("words") or c.mask.causal or c.window or c.chunk
        yield Idle(
            ("model.mask_value", "model.mask.empty"),
            bool(masks or any(getattr(c.mask, key) is not None for key in OWN)),
            ("model.mask",),
            "mask.custom, or mask.causal",
        )
        qk = c.qk_norm != "none"
        yield Idle(
            ("model.qk_norm_after_rope",),
            qk and _anywhere(c, TURNED),
            ("model.qk_norm", "model.positional"),
            "qk_norm and positional: rope",
        )
    yield from _of_bias(c)
    if c.has("words"):
        rates = c.dropout
        drops = any(getattr(rates, name, 0) for name in ("embed", "attention", "hidden", "residual"))
        yield Idle(("model.dropout.stream",), drops, ("model.dropout",), "a rate above 0")
        yield Idle(("model.widen",), c.d_embed is not None, ("model.d_embed",), "d_embed")
        norms = ("final_norm", "first_norm", "norm_weight", "norm_offset", "eps")
        yield Idle(
            tuple(f"model.{name}" for name in norms), c.norm != "none", ("model.norm",), "a norm: layer, rms, batch"
        )
        yield Idle(("model.residual_scale",), c.residual, ("model.residual",), "residual: true")
        if c.has("reader"):
            yield Idle(("model.pool_unit",), c.pooler != "none", ("model.pooler",), "pooler")


def _of_positions(source: Source, c: ModelConfig) -> Iterator[Idle]:
    where = ("model.positional", "model.layer_pattern")
    rope = _anywhere(c, TURNED)
    written = at(source.tree, ("model", "rope"))
    inner = tuple(f"model.rope.{key}" for key in getattr(written, "entries", ()) if key != "scaling")
    yield Idle((*inner, "model.rope.scaling"), rope, where, "positional: rope")
    if rope and (s := c.rope.scaling) is not None:
        kinds = {
            "original": ("dynamic", "llama3", "yarn", "longrope"),
            "low": ("llama3",),
            "high": ("llama3",),
            "beta_fast": ("yarn",),
            "beta_slow": ("yarn",),
            "truncate": ("yarn",),
            "attention": ("yarn", "longrope"),
            "short": ("longrope",),
            "long": ("longrope",),
        }
        for key, of in kinds.items():
            yield Idle(
                (f"model.rope.scaling.{key}",), s.kind in of, ("model.rope.scaling.kind",), f"kind: {' / '.join(of)}"
            )
    for key in ("alibi", "relative"):
        written = at(source.tree, ("model", key))
        inner = tuple(f"model.{key}.{each}" for each in getattr(written, "entries", ()))
        yield Idle(inner, c.positional == key, where, f"positional: {key}")
    if c.has("words"):
        yield Idle(("model.positions",), c.positional == "learned", where, "positional: learned")
        yield Idle(("model.position_offset",), c.positional in ADDED, where, "positional: learned / sinusoidal")
        yield Idle(("model.sinusoids",), c.positional == "sinusoidal", where, "positional: sinusoidal")
    counts = c.positional in ADDED or rope
    yield Idle(
        ("input.offset",),
        counts,
        where,
        "positional: " + ("rope" if c.has("memory") else "sinusoidal / learned / rope"),
    )


def _anywhere(c: ModelConfig, positional: tuple[str, ...]) -> bool:
    """Whether the model, or a layer of its pattern, has such positions."""
    layers = [c.layer(n) for n in range(len(c.layer_pattern))] if c.has("words") else []
    return any(each.positional in positional for each in [c, *layers])


def _of_bias(c: ModelConfig) -> Iterator[Idle]:
    parts = {
        "qkv": (c.has("attention") and c.projections, "projections", "projections: true"),
        "out": (c.has("attention") and c.output, "output", "output: true"),
        "ffn": (c.has("words") or c.has("mlp"), "kind", "a feed-forward part"),
        "norm": (c.has("words") and c.norm != "none", "norm", "norms"),
        "head": (c.has("words") and c.head, "head", "an output layer"),
    }
    for part, (acts, switch, needs) in parts.items():
        yield Idle((f"model.bias.{part}",), acts, (f"model.{switch}", "input.labels"), needs)


def _of_training(source: Source, c: ModelConfig, t: TrainConfig) -> Iterator[Idle]:
    rule = ("train.optimizer",)
    yield Idle(("train.momentum",), t.optimizer == "sgd", rule, "optimizer: sgd")
    yield Idle(("train.betas", "train.eps"), t.optimizer != "sgd", rule, "optimizer: adam / adamw")
    yield Idle(("train.teacher_forcing",), c.has("target"), ("model.kind",), "kind: decoder / encoder-decoder")
    if (s := t.schedule) is not None:
        yield Idle(("train.schedule.first",), s.kind != "constant" or s.warmup > 0, ("train.schedule",), "warmup")
    file = source.given("weights", "file")
    yield Idle(("weights.partial", "weights.names"), file, ("weights.file",), "weights.file")
