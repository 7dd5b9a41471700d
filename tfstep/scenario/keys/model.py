"""`model:` as the models need it: defaults filled in from other keys, and the keys agreeing with each other."""

from __future__ import annotations

from msgspec.structs import replace

from tfstep.errors import nearest
from tfstep.models.config import ModelConfig
from tfstep.models.keys.key import Told, completed, keys
from tfstep.models.keys.kinds import KINDS
from tfstep.ops.activation import ACTIVATIONS
from tfstep.scenario.file.mistakes import Report
from tfstep.scenario.file.nodes import Scalar, Section, at
from tfstep.scenario.keys.rules.agree import agree
from tfstep.scenario.keys.schema import PARTS
from tfstep.scenario.keys.typed import Source
from tfstep.text import Bilingual


def model_config(source: Source, kind: str, x_width: int | None, has_labels: bool) -> ModelConfig:
    """The model of a file of this kind. ``x_width`` is the width of ``input.x``, which may stand for ``d_model``.

    What cannot be used together is noted in the source's report; the result counts only if nothing was.
    """
    _belonging(source, kind)
    told = Told(has_labels, x_width)
    config = completed(replace(source.part.model, kind=kind), lambda *key: source.given("model", *key), told)
    _layers(source, config)
    if config.has("attention"):
        _heads(source, config)
    agree(source, config)
    if config.has("mlp"):
        _mlp(source, config)
    _ties(source, config)
    return config


def _belonging(source: Source, kind: str) -> None:
    """Keys that another kind has, in `model:` and `input:`."""
    for name in ("model", "input"):
        section, declared = at(source.tree, (name,)), keys(PARTS[name])
        for key in section.entries if isinstance(section, Section) else ():
            if key in declared and kind not in declared[key].kinds:
                source.add((name, key), not_of_kind(key, kind, declared[key].kinds), key=True)


def not_of_kind(key: str, kind: str, kinds: tuple[str, ...]) -> Bilingual:
    """The message for a key that this kind has not."""
    return Bilingual(
        "{key} does not belong to kind {kind}; it belongs to {kinds}",
        "{kind} 模型没有 {key} 这个键；它属于 {kinds}",
        key=key,
        kind=kind,
        kinds=", ".join(sorted(kinds)),
    )


def _layers(source: Source, config: ModelConfig) -> None:
    """`layers:` names only stacks that there are."""
    stacks = KINDS[config.kind].stacks
    for name in ("encoder", "decoder"):
        if stacks and name not in stacks and source.given("model", "layers", name):
            message = Bilingual(
                "layers.{name} in a model of kind {kind}; only {stacks}",
                "{kind} 模型中出现 layers.{name}；只能有 {stacks}",
                name=name,
                kind=config.kind,
                stacks=stacks[0],
            )
            source.add(("model", "layers", name), message, key=True)


def _heads(source: Source, config: ModelConfig) -> None:
    """Widths and heads must fit together."""
    sizes_known = all(source.sound("model", key) for key in ("d_model", "heads", "kv_heads", "d_k", "d_v"))
    if not sizes_known:
        return
    both_given = source.given("model", "d_k") and source.given("model", "d_v")
    if config.d_model % config.heads and not both_given:
        message = Bilingual(
            "{heads} heads do not divide d_model {d}; allowed: {divisors}, or give d_k and d_v",
            "{heads} 个头不能整除 d_model {d}；可用：{divisors}，或写明 d_k 与 d_v",
            heads=config.heads,
            d=config.d_model,
            divisors=_divisors(config.d_model),
        )
        heads = ("model", "heads" if source.given("model", "heads") else "d_model")
        source.add(source.last(heads, ("model", "d_model")), message)
        return
    if config.heads % config.kv_heads:
        message = Bilingual(
            "{kv} kv_heads do not divide {heads} heads; allowed: {divisors}",
            "{kv} 个 kv_heads 不能整除 {heads} 个头；可用：{divisors}",
            kv=config.kv_heads,
            heads=config.heads,
            divisors=_divisors(config.heads),
        )
        source.add(source.last(("model", "kv_heads"), ("model", "heads")), message)
    if not config.projections:
        _unprojected(source, config)
    if config.has("words") and not config.output and config.heads * config.d_v != config.d_model:
        message = Bilingual(
            "output is false and heads × d_v is {width}; without W_O it must be d_model {d}",
            "output 为 false，而 heads × d_v 为 {width}；没有 W_O 时须等于 d_model {d}",
            width=config.heads * config.d_v,
            d=config.d_model,
        )
        source.add(("model", "output"), message)


def _unprojected(source: Source, config: ModelConfig) -> None:
    """Without projections Q = K = V = x, cut into heads: the sizes follow from d_model."""
    for key, size, fixed in (
        ("d_k", config.d_k, config.d_model // config.heads),
        ("d_v", config.d_v, config.d_model // config.heads),
        ("kv_heads", config.kv_heads, config.heads),
    ):
        if size != fixed:
            message = Bilingual(
                "{key} is {size} and projections is false; Q = K = V = x leaves only {fixed}",
                "{key} 为 {size}，而 projections 为 false；Q = K = V = x 时只能是 {fixed}",
                key=key,
                size=size,
                fixed=fixed,
            )
            source.add(("model", key), message)


def _mlp(source: Source, config: ModelConfig) -> None:
    if source.sound("model", "sizes") and not config.sizes:
        source.add(("model",), needs("sizes: [2, 2, 1]", config.kind), key=True)
    if len(ACTIVATIONS[config.activation].arguments) > 1:
        message = Bilingual(
            "activation is {name}, which gates two layers; an mlp has one: relu, sigmoid …",
            "activation 为 {name}，它需要两层相乘；mlp 只有一层：relu、sigmoid 等",
            name=config.activation,
        )
        source.add(("model", "activation"), message)


def needs(what: str, kind: str) -> Bilingual:
    """The message for a key that this kind cannot do without."""
    return Bilingual("no {what}; kind {kind} needs it", "缺少 {what}；{kind} 模型必须有", what=what, kind=kind)


def _ties(source: Source, config: ModelConfig) -> None:
    """A tie is two paths or more; a path is in one tie."""
    seen: set[str] = set()
    for group, paths in enumerate(config.tie):
        if len(paths) < 2:
            message = Bilingual(
                "a tie of {n}; two paths or more are tied", "权重共享组只有 {n} 项；至少要两个路径", n=len(paths)
            )
            source.add(("model", "tie", group), message)
        for index, path in enumerate(paths):
            if path in seen:
                message = Bilingual("{path} is tied twice; once is allowed", "{path} 重复共享；只能出现一次", path=path)
                source.add(("model", "tie", group, index), message)
            seen.add(path)


def _divisors(n: int) -> str:
    few = [d for d in range(1, min(n, 10_000) + 1) if n % d == 0]
    return ", ".join(map(str, few[:12])) + (" …" if len(few) > 12 else "")


def check_kind(source: Source, report: Report) -> str | None:
    """The kind of the model, or None where it is missing or nothing like one.

    A misspelt kind is a mistake already; the rest of the file is checked as the nearest one.
    """
    if source.given("model", "kind"):
        return source.part.model.kind
    if isinstance(written := source.node("model", "kind"), Scalar) and not source.sound("model", "kind"):
        return nearest(written.text, KINDS)
    if source.sound("model") and source.sound("model", "kind"):
        place = source.place("model", key=True)
        what = "kind" if source.given("model") else "model: {kind: …}"
        kinds = ", ".join(KINDS)
        report.add(
            place, Bilingual("no {what}; allowed: {kinds}", "缺少 {what}；可用：{kinds}", what=what, kinds=kinds)
        )
    return None
