"""What opens: every family, read from its table, and the architectures of GGUF files."""

from __future__ import annotations

from collections.abc import Iterator

from making.markdown import code, head, table
from tfstep.families import gguf
from tfstep.families.family import Family
from tfstep.families.registry import families, types
from tfstep.text import Bilingual

TITLE = Bilingual("Models that open", "能打开的模型")
INTRO = Bilingual(
    "A folder opens by the `model_type` of its `config.json`, and of the class that it was saved from, its "
    "`architectures`; the same class without its output layer opens too. `names` is what `weights:` of a scenario calls "
    "the family, and `tfstep export` says. Whatever else the config asks is computed, or refused by its key and value. How "
    "exactly each is computed: [families](families.md). How to open one: [a guide](how-to/open-a-model.md).",
    "文件夹按 `config.json` 的 `model_type` 和保存它的类（`architectures`）打开；不带输出层的同一个类也能打开。`names` "
    "是场景 `weights:` 中对该家族的称呼，`tfstep export` 也用它。配置中的其他要求，要么照算，要么指出键与值并拒绝。"
    "各家族精确到什么程度：[模型家族](families.zh.md)。怎样打开：[指南](how-to/open-a-model.zh.md)。",
)
KINDS = {
    "decoder": Bilingual("Decoders", "解码器"),
    "encoder": Bilingual("Encoders", "编码器"),
    "encoder-decoder": Bilingual("Encoder-decoders", "编码器-解码器"),
}
COLUMNS = ("model_type", "names", Bilingual("of", "来自"), "architectures")
GGUF = Bilingual(
    "A `.gguf` file opens by its `general.architecture`; its tensors are read as F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q4_K and "
    "Q6_K.",
    "`.gguf` 文件按 `general.architecture` 打开；其中的张量可为 F32、F16、BF16、Q8_0、Q4_0、Q4_1、Q4_K、Q6_K。",
)


def page(language: str) -> Iterator[str]:
    """The lines of the page."""
    yield from head(TITLE, language)
    yield INTRO.in_(language)
    columns = [each.in_(language) if isinstance(each, Bilingual) else code(each) for each in COLUMNS]
    known = [each for each in families() if types(each)]
    for kind, title in KINDS.items():
        yield f"\n## {title.in_(language)}\n"
        yield from table(columns, [_row(each) for each in known if each.kind == kind])
    yield "\n## GGUF\n"
    yield GGUF.in_(language)
    yield ""
    yield from table([code("general.architecture"), code("names")], _architectures(known))


def _row(of: Family) -> tuple[str, ...]:
    return " ".join(map(code, sorted(types(of)))), code(of.name), of.system, code(of.architecture)


def _architectures(known: list[Family]) -> list[tuple[str, ...]]:
    names = {each: of.name for of in known for each in types(of)}
    return [(code(arch), code(names[kind])) for arch, kind in gguf.ARCHITECTURES.items()]
