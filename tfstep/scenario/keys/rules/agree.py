"""Keys of `model:` that cannot be used together, a rule each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tfstep.models.config import ModelConfig
from tfstep.models.keys.sections import OWN
from tfstep.ops.activation import ACTIVATIONS
from tfstep.ops.norm import WITHOUT_BETA
from tfstep.scenario.keys.typed import Source
from tfstep.text import Bilingual

Rule = tuple[bool, str, Bilingual]  # whether it is broken, the keys that may be pointed at, and what is said


def agree(source: Source, config: ModelConfig) -> None:
    """Note every rule that the keys break, and those of each layer of a pattern."""
    if config.has("attention"):
        _note(source, ("model",), _attention(config))
    if config.has("words"):
        _note(source, ("model",), _stacks(config))
        for n, part in enumerate(config.layer_pattern):
            layer = config.layer(n)
            rules = [*_attention(layer), *_stacks(layer), *_layer(config, layer)]
            _note(
                source,
                ("model", "layer_pattern", n),
                [rule for rule in rules if getattr(part, rule[1].split()[-1], None)],
            )


def _note(source: Source, section: tuple[str | int, ...], rules: Iterable[Rule]) -> None:
    """Note the broken rules, each at the first of its keys that the file gives."""
    for broken, names, message in rules:
        given = [name for name in names.split() if source.given(*section, name)]
        if broken and all(source.sound(*section, name) for name in names.split()):
            source.add((*section, *given[:1]), message)


def _attention(c: ModelConfig) -> Iterator[Rule]:
    turned = int(c.d_k * c.rope.part)
    yield (
        c.positional == "rope" and (turned % 2 > 0 or not turned),
        "d_k positional" if c.rope.part == 1 else "rope",
        Bilingual(
            "d_k is {d_k}; rope turns pairs, so it must be even",
            "d_k 为 {d_k}；旋转位置编码成对旋转，d_k 须为偶数",
            d_k=c.d_k,
        )
        if c.rope.part == 1
        else Bilingual(
            "rope.part turns {turned} of the {d_k} features; pairs are turned, so it must be an even number",
            "rope.part 旋转 {d_k} 个特征中的 {turned} 个；旋转是成对的，须为偶数",
            turned=turned,
            d_k=c.d_k,
        ),
    )
    if (s := c.rope.scaling) is not None:
        pairs = turned // 2
        yield (
            s.kind == "longrope" and {len(s.short), len(s.long)} != {pairs},
            "rope",
            Bilingual(
                "longrope with {short} short and {long} long factors; {pairs} of each are needed, one a pair",
                "longrope 有 {short} 个 short 和 {long} 个 long；各需 {pairs} 个，每对一个",
                short=len(s.short),
                long=len(s.long),
                pairs=pairs,
            ),
        )
        yield (
            s.kind == "llama3" and s.low >= s.high,
            "rope",
            Bilingual(
                "llama3 with low {low} and high {high}; low must be less",
                "llama3 的 low 为 {low}，high 为 {high}；low 须更小",
                low=s.low,
                high=s.high,
            ),
        )
        yield (
            s.kind == "dynamic" and turned <= 2,
            "rope",
            Bilingual(
                "dynamic with one pair of features to turn; its base grows by a power d / (d − 2), so two pairs are needed",
                "dynamic 只有一对特征可转；它的底数按 d / (d − 2) 次幂增大，至少要两对",
            ),
        )
        yield (
            s.kind == "longrope" and s.factor > 1 and s.original < 2,
            "rope",
            Bilingual(
                "longrope with original {n}; cos and sin are divided by its logarithm: 2 or more",
                "longrope 的 original 为 {n}；cos 和 sin 要除以它的对数：不小于 2",
                n=s.original,
            ),
        )
    exact = c.relative.buckets // (2 if c.has("target") else 4)
    yield (
        c.positional == "relative" and c.relative.distance <= exact,
        "relative",
        Bilingual(
            "relative.distance is {distance}, and the first {exact} distances have a bucket each; it must be more",
            "relative.distance 为 {distance}，而前 {exact} 种距离各占一桶；它须更大",
            distance=c.relative.distance,
            exact=exact,
        ),
    )
    yield (
        c.has("source") and not c.has("target") and not c.encoder_layers,
        "layers",
        Bilingual(
            "an encoder of 0 layers in kind {kind}; 1 or more are allowed, and 0 before a decoder",
            "{kind} 模型的编码器有 0 层；可用 1 层或更多，后面有解码器时可用 0",
            kind=c.kind,
        ),
    )
    yield (
        not c.has("words") and c.positional not in ("rope", "alibi", "none"),
        "positional",
        Bilingual(
            "positional is {name} in kind {kind}, whose x are numbers; allowed: rope, alibi, none",
            "positional 为 {name}，而 {kind} 模型的 x 是数字；可用：rope, alibi, none",
            name=c.positional,
            kind=c.kind,
        ),
    )
    own = tuple(getattr(c.mask, key) for key in OWN)
    yield (
        (c.mask.encoder is not None and not c.has("source")) or (c.mask.decoder is not None and not c.has("target")),
        "mask",
        Bilingual(
            "mask.{key} in kind {kind}, which has no {key}",
            "{kind} 模型没有 {key}，不能用 mask.{key}",
            key="encoder" if c.mask.encoder is not None and not c.has("source") else "decoder",
            kind=c.kind,
        ),
    )
    yield (
        c.mask.cross is not None and not (c.has("source") and c.has("target")),
        "mask",
        Bilingual(
            "mask.cross in kind {kind}, which has no cross-attention",
            "{kind} 模型没有交叉注意力，不能用 mask.cross",
            kind=c.kind,
        ),
    )
    yield (
        c.mask.trained and all(each is None or _has_booleans(each) for each in own),
        "mask",
        Bilingual(
            "mask.trained without numbers; booleans cannot be trained: give such a mask as numbers",
            "mask.trained 没有数可训练；布尔值无法训练：请把这样的掩码写成数",
        ),
    )
    yield (
        c.mask.empty != "none" and c.sinks,
        "mask",
        Bilingual(
            "mask.empty with sinks; a row with nothing left goes to the sink",
            "mask.empty 不能与 sinks 并用；没有键可看的行归汇聚项",
        ),
    )
    yield (
        c.mask.prefix > 0 and not c.mask.causal,
        "mask",
        Bilingual(
            "mask.prefix without a causal mask; all words are seen", "mask.prefix 需要因果掩码；否则所有词本来就可见"
        ),
    )
    yield (
        c.qk_norm in ("head", "heads", "all") and c.norm not in ("layer", "rms"),
        "qk_norm",
        Bilingual(
            "qk_norm is {qk} and norm is {norm}; it needs norm: layer or rms (or qk_norm: weightless)",
            "qk_norm 为 {qk}，而 norm 为 {norm}；须用 norm: layer 或 rms（或 qk_norm: weightless）",
            qk=c.qk_norm,
            norm=c.norm,
        ),
    )
    yield (
        c.qk_norm_after_rope and c.qk_norm == "all",
        "qk_norm_after_rope",
        Bilingual(
            "qk_norm is all, which comes before the heads are split; rope turns each head",
            "qk_norm 为 all，在分头之前归一化；而 rope 逐头旋转",
        ),
    )


def _has_booleans(value: object) -> bool:
    """Whether nested lists hold booleans."""
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return isinstance(value, bool)


def _stacks(c: ModelConfig) -> Iterator[Rule]:
    own_gate = len(ACTIVATIONS[c.activation].arguments) > 1
    yield (
        own_gate and not c.gated,
        "gated",
        Bilingual(
            "gated is false and activation is {name}, which is a gate; take silu, gelu …",
            "gated 为 false，而 activation 为 {name}，它本身就是门；请改用 silu、gelu 等",
            name=c.activation,
        ),
    )
    yield (
        own_gate and c.head_transform,
        "head_transform",
        Bilingual(
            "head_transform needs an activation of one operand; {name} has a gate",
            "head_transform 需要单个输入的激活函数；{name} 带门",
            name=c.activation,
        ),
    )
    if (e := c.experts) is not None:
        yield (
            e.top > e.count,
            "experts",
            Bilingual(
                "top is {top} of {count} experts; at most as many are chosen as there are",
                "要从 {count} 个专家中选 {top} 个；最多只能全选",
                top=e.top,
                count=e.count,
            ),
        )
        yield (
            e.router == "topk" and (e.correction or e.scale != 1),
            "experts",
            Bilingual(
                "router topk with a correction or a scale; its softmax has neither",
                "router 为 topk 时没有 correction 和 scale；其 softmax 不用它们",
            ),
        )
    yield (
        c.parallel != "none" and c.norm_position != "pre",
        "parallel",
        Bilingual(
            "parallel is {parallel} and norm_position is {position}; side by side, norms stand before: pre",
            "parallel 为 {parallel}，而 norm_position 为 {position}；并排时归一化在前：pre",
            parallel=c.parallel,
            position=c.norm_position,
        ),
    )
    yield (
        c.parallel != "none" and c.has("source") and c.has("target"),
        "parallel",
        Bilingual(
            "parallel is {parallel} in kind {kind}, whose decoder has three sublayers",
            "{kind} 模型的解码器有三个子层，不能用 parallel: {parallel}",
            parallel=c.parallel,
            kind=c.kind,
        ),
    )
    yield (
        c.parallel != "none" and (not c.residual or c.residual_scale != 1),
        "parallel",
        Bilingual(
            "parallel is {parallel}; it adds to x as it is: residual: true, residual_scale: 1",
            "parallel 为 {parallel}；它直接加到 x 上：residual: true，residual_scale: 1",
            parallel=c.parallel,
        ),
    )
    yield (
        not c.first_norm and c.norm_position not in ("pre", "both"),
        "first_norm",
        Bilingual(
            "first_norm is false and norm_position is {position}; there is no norm before the first layer",
            "first_norm 为 false，而 norm_position 为 {position}；第一层之前本来就没有归一化",
            position=c.norm_position,
        ),
    )
    yield (
        not c.bias_at("norm") and c.norm not in (*WITHOUT_BETA, "none"),
        "bias",
        Bilingual(
            "norms without a bias, and norm is {norm}; allowed: {allowed}",
            "归一化没有偏置，而 norm 为 {norm}；可用：{allowed}",
            norm=c.norm,
            allowed=", ".join(WITHOUT_BETA),
        ),
    )
    yield (
        not c.count_pads and (c.positional != "learned" or not c.position_offset),
        "count_pads",
        Bilingual(
            "count_pads is false, which takes a learned table with a row before the first word's: positional: learned, "
            "position_offset: 1 or more",
            "count_pads 为 false，需要学到的位置表，且首词之前有一行：positional: learned，position_offset 不小于 1",
        ),
    )
    yield (
        not c.norm_weight and c.bias_at("norm") and c.norm == "layer",
        "norm_weight",
        Bilingual(
            "norm_weight is false and norms have a beta; write bias: {{norm: false}} as well",
            "norm_weight 为 false，而归一化有 beta；请同时写 bias: {{norm: false}}",
        ),
    )
    yield (
        c.embed_norm and c.norm == "none",
        "embed_norm",
        Bilingual("embed_norm is true and norm is none", "embed_norm 为 true，而 norm 为 none"),
    )
    for key, given in (
        ("head_transform", c.head_transform),
        ("logit_scale", c.logit_scale is not None),
        ("logit_softcap", c.logit_softcap is not None),
    ):
        yield (
            given and not c.head,
            key,
            Bilingual(
                "{key} without an output layer; set head: true, or give labels",
                "没有输出层，不能用 {key}；请写 head: true，或给出 labels",
                key=key,
            ),
        )


def _layer(whole: ModelConfig, c: ModelConfig) -> Iterator[Rule]:
    """What a layer may not change."""
    yield (
        c.positional != whole.positional and not {c.positional, whole.positional} <= {"rope", "none"},
        "positional",
        Bilingual(
            "positional is {own} in a layer and {whole} in the model; a layer may have rope or none",
            "某层的 positional 为 {own}，而模型为 {whole}；逐层只能是 rope 或 none",
            own=c.positional,
            whole=whole.positional,
        ),
    )
