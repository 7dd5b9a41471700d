"""A recorded module of other sizes than the scenario, told by what its weights are for and by its settings."""

from __future__ import annotations

from collections.abc import Iterator

from tfstep.compare.layout import role
from tfstep.compare.proposed.asked import Read, read_by, settings
from tfstep.compare.proposed.weights import Weights, across
from tfstep.compare.recorded.note import RecordingError
from tfstep.compare.recorded.recording import Recording
from tfstep.engine.plan import Plan
from tfstep.models.config import ModelConfig
from tfstep.text import Bilingual

KINDS = ("attention", "encoder", "decoder")
HEADS = ("num_heads", "n_heads", "n_head", "heads", "nhead", "num_attention_heads")  # that are called nothing else
SHORT = ("h", "n_h", "H")  # and what may be something else

Size = tuple[str, int, int]
WAY_ON = Bilingual(
    "`tfstep diagnose RECORDING` alone proposes a scenario of theirs, and `tfstep new RECORDING -o mine.yaml` writes it",
    "单用 `tfstep diagnose RECORDING` 会推断与对方相符的场景，`tfstep new RECORDING -o mine.yaml` 把它写出来",
)
"""What one does where the scenario is of another size."""


def same_module(kept: Recording, plan: Plan, config: ModelConfig, scenario: str) -> None:
    """Raises RecordingError where the module that was recorded is wider than the scenario, has another number of heads
    or layers, knows or reads more words: nothing of these can be compared."""
    if config.kind not in KINDS or not any(kept.note(name).inputs for name in kept):
        return
    try:
        asked = read_by(kept)
    except RecordingError:
        return
    other = [size for size in _sizes(kept, asked, plan, config) if size[1] != size[2]]
    if other:
        raise RecordingError(
            Bilingual(
                "theirs has {theirs}, {scenario} has {ours}: runs of other sizes cannot be compared; {way}",
                "对方是 {theirs}，{scenario} 是 {ours}：尺寸不同，无法比较；{way}",
                theirs=", ".join(f"{name} {theirs}" for name, theirs, _ in other),
                ours=", ".join(f"{name} {ours}" for name, _, ours in other),
                scenario=scenario,
                way=WAY_ON,
            )
        )


def _sizes(kept: Recording, asked: Read, plan: Plan, c: ModelConfig) -> Iterator[Size]:
    """Each size of theirs that is known, beside ours."""
    w = asked.weights
    yield "d_model", w.width, c.d_model
    heads = _heads(kept, asked)
    if heads:
        yield "heads", heads, c.heads
    keys = [a for _, a in w.roles.get("W_K", ())][:1]
    own = next((node for node in plan.nodes if role(node.path) == "W_K"), None)
    if keys and own is not None and w.width == c.d_model and (heads or c.heads) == c.heads:
        wide = sorted(keys[0].shape) != sorted(own.shape)
        if wide and keys[0].size % w.width == 0:
            yield "kv_heads·d_k", keys[0].size // w.width, own.shape[-1]
    if c.kind != "attention":
        blocks = {node.path.partition(".")[0] for node in plan.steps if node.path.endswith("attn.weights")}
        if w.layers > len(blocks):
            yield "layers", w.layers, len(blocks)
        inner = {n for r in ("W_1", "W_2", "W_gate") for _, a in w.roles.get(r, ()) for n in a.shape if n != w.width}
        if len(inner) == 1:
            yield "d_ff", inner.pop(), c.d_ff
    read = next((n for n in plan.nodes if n.kind == "input" and role(n.path) in ("x", "tokens", "ids")), None)
    if asked.words:
        table = next((node for node in plan.nodes if role(node.path) == "E"), None)
        if table is not None:
            yield "vocab", w.tables[0][1].shape[0], table.shape[0]
    if read is not None and asked.shape:
        words = read.shape[1] if len(read.shape) > 1 else read.shape[0]
        batch = read.shape[0] if len(read.shape) > 1 else 1
        theirs = asked.shape if len(asked.shape) > 1 else (1, *asked.shape)
        turned = settings(kept, "batch_first") and False in settings(kept, "batch_first").values()
        if words not in theirs:
            yield "words", theirs[0] if turned else theirs[-1], words
        elif theirs[0] * theirs[1] > words * batch:
            yield "sentences", theirs[0] * theirs[1] // words, batch


def _heads(kept: Recording, asked: Read) -> int:
    """The number of heads where a setting tells it, and no array another one; else 0."""
    width = _across_heads(asked.weights)
    told = set(settings(kept, *HEADS).values()) or set(settings(kept, *SHORT).values())
    heads = [n for n in told if type(n) is int and n > 0 and width % n == 0]
    if len(told) != 1 or len(heads) != 1:
        return 0
    d = width // heads[0]
    shapes = [kept[name].shape for name in kept if kept.note(name).kind == "tensor" and kept[name].ndim == 4]
    return heads[0] if any(heads[0] in shape and shape[-1] == d for shape in shapes) else 0


def _across_heads(w: Weights) -> int:
    """How wide all heads are together."""
    for _, array in w.roles.get("W_O", ()):
        return across(array, w.width)
    return w.width
