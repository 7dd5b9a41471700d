"""`model:` as the models need it: defaults filled in from other keys, and the keys agreeing with each other."""

from __future__ import annotations

from tfstep.errors import nearest
from tfstep.models.config import ModelConfig
from tfstep.scenario.file.mistakes import Report
from tfstep.scenario.file.nodes import Scalar, Section, at
from tfstep.scenario.keys.kinds import ATTENTION, BOTH, DECODER, ENCODER, INPUTS, KEYS, KINDS, MLP
from tfstep.scenario.keys.schema import LayersPart, ModelPart
from tfstep.scenario.keys.typed import Source
from tfstep.text import Bilingual


def model_config(source: Source, kind: str, x_width: int | None, has_labels: bool) -> ModelConfig:
    """The model of a file of this kind. ``x_width`` is the width of ``input.x``, which may stand for ``d_model``.

    What cannot be used together is noted in the source's report; the result counts only if nothing was.
    """
    part = source.part.model
    _belonging(source, kind)
    encoder_layers, decoder_layers = _layers(source, kind)
    d_model = part.d_model
    if kind == ATTENTION and not source.given("model", "d_model") and x_width is not None:
        d_model = x_width
    heads = part.heads
    kv_heads = part.kv_heads if source.given("model", "kv_heads") else heads
    head_size = d_model // heads
    positional = part.positional if kind != ATTENTION or source.given("model", "positional") else "none"
    config = ModelConfig(
        kind=kind,
        encoder_layers=encoder_layers,
        decoder_layers=decoder_layers,
        d_model=d_model,
        heads=heads,
        kv_heads=kv_heads,
        d_k=part.d_k if source.given("model", "d_k") else head_size,
        d_v=part.d_v if source.given("model", "d_v") else head_size,
        d_ff=part.d_ff if source.given("model", "d_ff") else 4 * d_model,
        sizes=tuple(part.sizes),
        activation=part.activation,
        norm=part.norm,
        norm_position=part.norm_position,
        eps=part.eps,
        residual=part.residual,
        positional=positional,
        rope_base=part.rope.base,
        rope_pairs=part.rope.pairs,
        embed_scale=part.embed_scale,
        projections=part.projections,
        output=part.output,
        bias=part.bias,
        scale=part.scale,
        mask_padding=part.mask.padding,
        mask_causal=_causal(source, kind, part),
        mask_value=part.mask_value,
        head=part.head if source.given("model", "head") else has_labels,
        tie=tuple(tuple(group) for group in part.tie),
        dtype=part.dtype,
    )
    if kind in KEYS["heads"]:
        _heads(source, config)
    if kind == MLP:
        _mlp(source, part)
    _ties(source, part)
    return config


def _belonging(source: Source, kind: str) -> None:
    """Keys that another kind has, in `model:` and `input:`."""
    for name, table in (("model", KEYS), ("input", INPUTS)):
        section = at(source.tree, (name,))
        for key in section.entries if isinstance(section, Section) else ():
            if key in table and kind not in table[key]:
                source.add((name, key), not_of_kind(key, kind, table[key]), key=True)


def not_of_kind(key: str, kind: str, kinds: frozenset[str]) -> Bilingual:
    """The message for a key that this kind has not."""
    return Bilingual(
        "{key} does not belong to kind {kind}; it belongs to {kinds}",
        "{kind} 模型没有 {key} 这个键；它属于 {kinds}",
        key=key,
        kind=kind,
        kinds=", ".join(sorted(kinds)),
    )


def _layers(source: Source, kind: str) -> tuple[int, int]:
    layers = source.part.model.layers
    if not isinstance(layers, LayersPart):
        return (layers if kind in (ENCODER, BOTH) else 0, layers if kind in (DECODER, BOTH) else 0)
    stacks = {ENCODER: ("encoder",), DECODER: ("decoder",)}.get(kind, ("encoder", "decoder"))
    for name in ("encoder", "decoder"):
        if name not in stacks and source.given("model", "layers", name):
            message = Bilingual(
                "layers.{name} in a model of kind {kind}; only {stacks}",
                "{kind} 模型中出现 layers.{name}；只能有 {stacks}",
                name=name,
                kind=kind,
                stacks=stacks[0],
            )
            source.add(("model", "layers", name), message, key=True)
    return (layers.encoder if "encoder" in stacks else 0, layers.decoder if "decoder" in stacks else 0)


def _causal(source: Source, kind: str, part: ModelPart) -> bool:
    if kind == ENCODER:  # causal concerns decoders
        return False
    return part.mask.causal if kind != ATTENTION or source.given("model", "mask", "causal") else False


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
    if config.positional == "rope" and config.d_k % 2:
        message = Bilingual(
            "d_k is {d_k}; rope turns pairs, so it must be even",
            "d_k 为 {d_k}；旋转位置编码成对旋转，d_k 须为偶数",
            d_k=config.d_k,
        )
        source.add(("model", "d_k" if source.given("model", "d_k") else "positional"), message)
    if not config.projections:
        _unprojected(source, config)
    if config.kind != ATTENTION and not config.output and config.heads * config.d_v != config.d_model:
        message = Bilingual(
            "output is false and heads × d_v is {width}; without W_O it must be d_model {d}",
            "output 为 false，而 heads × d_v 为 {width}；没有 W_O 时须等于 d_model {d}",
            width=config.heads * config.d_v,
            d=config.d_model,
        )
        source.add(("model", "output"), message)
    if config.kind == ATTENTION and config.positional not in ("rope", "none"):
        message = Bilingual(
            "positional is {name} in kind attention, whose x are numbers; allowed: rope, none",
            "positional 为 {name}，而 attention 模型的 x 是数字；可用：rope, none",
            name=config.positional,
        )
        source.add(("model", "positional"), message)


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


def _mlp(source: Source, part: ModelPart) -> None:
    if source.sound("model", "sizes") and not part.sizes:
        source.add(("model",), needs("sizes: [2, 2, 1]", MLP), key=True)
    if part.activation == "swiglu":
        message = Bilingual(
            "activation is swiglu, which gates two layers; an mlp has one: relu, sigmoid …",
            "activation 为 swiglu，它需要两层相乘；mlp 只有一层：relu、sigmoid 等",
        )
        source.add(("model", "activation"), message)


def needs(what: str, kind: str) -> Bilingual:
    """The message for a key that this kind cannot do without."""
    return Bilingual("no {what}; kind {kind} needs it", "缺少 {what}；{kind} 模型必须有", what=what, kind=kind)


def _ties(source: Source, part: ModelPart) -> None:
    """A tie is two paths or more; a path is in one tie."""
    seen: set[str] = set()
    for group, paths in enumerate(part.tie):
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
        kinds = "encoder, decoder, encoder-decoder, attention, mlp, formula"
        report.add(
            place, Bilingual("no {what}; allowed: {kinds}", "缺少 {what}；可用：{kinds}", what=what, kinds=kinds)
        )
    return None
