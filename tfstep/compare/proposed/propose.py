"""A scenario for somebody's own run, where none is given: its widths, heads, norms and masks as they were recorded.

What shapes, names and the settings of modules tell is taken from there. What they leave open is decided by trying,
and where that decides nothing it is guessed, and said to be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from tfstep.compare.backwards.optimizer import Stepped, stepped
from tfstep.compare.proposed import masks, norms, stacks
from tfstep.compare.proposed.asked import Read, by_hand, read_by, settings
from tfstep.compare.proposed.choice import Choice, Option, changed, decide, scenario_of
from tfstep.compare.proposed.labels import OUT as UNCOUNTED
from tfstep.compare.proposed.labels import labels
from tfstep.compare.proposed.own_loss import NO_LOSS, Loss, known
from tfstep.compare.proposed.own_loss import own as own_loss
from tfstep.compare.proposed.positions import positions, scaled
from tfstep.compare.proposed.stacks import Stack
from tfstep.compare.proposed.weights import Weights, across, sibling
from tfstep.compare.recorded.gathered import gathered
from tfstep.compare.recorded.recording import Recording
from tfstep.scenario.opening.document import as_text
from tfstep.scenario.scenario import Scenario
from tfstep.text import Bilingual

INLINE = 400  # numbers of an array that are written into the text itself
HEADS = ("num_heads", "n_heads", "n_head", "heads", "nhead", "h", "n_h", "H", "num_attention_heads", "n")
ACTS = {"relu": ("relu",), "silu": ("silu",), "gelu": ("gelu", "gelu_tanh"), "": ("relu", "gelu", "gelu_tanh", "silu")}


class Proposal(Struct, frozen=True, eq=False):
    """A scenario for a run, and how each of its keys came about; ``eps`` is that of the norms, by the names of their
    scales, that have one of their own, which a scenario has not; ``told`` are the keys of the model that something
    recorded tells, and not only that with them most of it is found; ``loss`` is theirs, where no labels were recorded;
    ``instead`` is the same where it is no loss of ours; ``update`` is what tells their optimizer;
    ``matrices`` are theirs that it has a place for."""

    keys: dict[str, Any]
    said: tuple[Bilingual, ...]
    eps: dict[str, float] = {}
    told: frozenset[str] = frozenset()
    matrices: frozenset[str] = frozenset()
    loss: Loss | None = None
    instead: Proposal | None = None
    update: Stepped | None = None

    @property
    def large(self) -> dict[str, np.ndarray]:
        """The arrays of its input and its mask that nobody reads in a text, by their keys."""
        given = {**self.keys["input"], "custom": self.keys["model"].get("mask", {}).get("custom", ())}
        arrays = {key: np.asarray(each) for key, each in given.items() if isinstance(each, np.ndarray | list)}
        return {key: array for key, array in arrays.items() if array.size > INLINE}

    def text(self, file: str = "", weights: str = "", *, partial: bool = False) -> str:
        """The scenario as the text of a file; without a loss, where theirs is their own.

        ``file`` keeps what is `large`, else the text may be longer than one may be; ``weights`` their weights, or, being
        ``partial``, some of them.
        """
        model, kept = self.keys["model"], dict.fromkeys(self.large, file) if file else {}
        given = {
            key: each.tolist() if isinstance(each, np.ndarray) else each for key, each in self.keys["input"].items()
        }
        changes: dict[str, Any] = {"input": {key: kept.get(key, each) for key, each in given.items()}}
        if "custom" in kept:
            changes["model"] = {**model, "mask": {**model["mask"], "custom": file}}
        if self.loss is not None and self.loss.own:
            changes["loss"] = {"kind": "none"}
        if weights:
            changes["weights"] = {"file": weights, **({**self.keys["weights"], "partial": True} if partial else {})}
        return as_text({**self.keys, **changes})

    def scenario(self) -> Scenario:
        """The scenario. Raises TfstepError."""
        return scenario_of(self.keys)

    def under(self, loss: Loss) -> Proposal:
        """The same with this loss."""
        said = self.said if loss.own else (*self.said, *loss.said)
        return replace(self, keys={**self.keys, "loss": loss.keys}, said=said, loss=loss)

    def otherwise(self) -> Iterator[Proposal]:
        """The same for a loss that leaves out the word at the end of a row, which nothing says; and last, where it is
        something of their own, with no loss: then it is not judged, nor are the gradients."""
        given = self.keys["input"].get("labels")
        if given is None:
            yield from (self.instead,) if self.instead is not None else ()
            return
        labels = np.array(given["ids"])
        if "pad" not in self.keys["vocab"]:
            for pad in dict.fromkeys(row[-1] for row in self.keys["input"]["target"]["ids"]):
                ids = np.where(labels == pad, UNCOUNTED, labels)
                if (ids != UNCOUNTED).any():
                    change = {"input": {"labels": {"ids": ids.tolist()}}, "vocab": {"pad": pad}}
                    said = Bilingual("pads {pad} (fits their loss)", "填充 {pad}（与对方的损失相符）", pad=pad)
                    yield replace(self, keys=changed(self.keys, change), said=(*self.said, said))
        keys = {**self.keys, "loss": {"kind": "none"}}
        keys["input"] = {key: value for key, value in self.keys["input"].items() if key != "labels"}
        yield replace(self, keys=keys, loss=Loss({"kind": "none"}, (NO_LOSS,), own=True))

    @property
    def remarks(self) -> tuple[Bilingual, ...]:
        """How the scenario came about; and, on lines of their own, what is not judged."""
        loss = self.loss.said if self.loss is not None and self.loss.own else ()
        update = self.update.said if self.update is not None and self.update.apart else ()
        return (self.remark, *loss, *update)

    @property
    def apart(self) -> frozenset[str]:
        """The arrays of theirs that are not judged."""
        return frozenset().union(*(each.apart for each in (self.loss, self.update) if each is not None))

    @property
    def remark(self) -> Bilingual:
        """What was found and what was guessed, in one line."""
        return Bilingual(
            "the scenario was proposed from the recording: {what}",
            "场景由记录推断而来：{what}",
            what=str(Bilingual("; ", "；")).join(map(str, self.said)),
        )


def propose(kept: Recording) -> Proposal:
    """A scenario for a recording. Raises RecordingError that says what is missing."""
    kept = gathered(kept)
    asked = read_by(kept)
    w, d = asked.weights, asked.weights.width
    block = any(w.count(role) for role in ("W_1", "W_2", "W_gate")) or bool(w.scales) or asked.words
    if block and asked.memory:
        raise by_hand(
            Bilingual("a block that reads a memory, too ({name})", "带 memory（{name}）的块", name=asked.memory)
        )
    triangle = masks.causal(kept)
    model: dict[str, Any] = {"kind": "attention", "d_model": d}
    if block:
        model = {"kind": "decoder" if triangle else "encoder", "layers": w.layers, "d_model": d, "positional": "none",
                 "head": False}  # fmt: skip
    elif not w.count("W_O"):
        model["output"] = False
    spoken = labels(kept, asked) if block and triangle and asked.words and w.heads else None
    loss = {"kind": "cross_entropy", **_smoothing(kept)} if spoken else {"kind": "none"}
    keys: dict[str, Any] = {"tfstep": 1, "model": model, "input": {}, "loss": loss, "weights": {"seed": 1}}
    seen = _stacks(kept, asked)
    choices = [*_inputs(kept, asked, seen), *_heads(kept, w, asked, seen), *_biases(w, block)]
    if block:
        choices += [*norms.choices(kept, w), *_feed_forward(kept, w)]
    choices += [*_masks(kept, asked, triangle, block, seen)]
    choices += [*positions(kept, w, asked.shape[-1], asked.words), *(_words(kept, asked) if asked.words else ())]
    if spoken:
        pad = {} if spoken.pad is None else {"vocab": {"pad": spoken.pad}}
        choices.append(Choice([Option({"input": {"labels": {"ids": spoken.ids.tolist()}}, **pad}, "")]))
    found, said = decide(kept, keys, choices)
    said += spoken.said if spoken else ()
    widths = Bilingual.of(f"{found['model']['kind']} d_model {d}" + (f" layers {w.layers}" if block else ""))
    own = norms.other_eps(norms.norms(kept, w), found["model"]["eps"]) if "eps" in found["model"] else {}
    if own:
        said.append(
            Bilingual(
                "norms differ in eps, and a scenario has one: {names}; each is held against its own",
                "各归一化的 eps 不同，而场景只有一个：{names}；比较时各用各的",
                names=", ".join(f"{name} {eps:g}" for name, eps in own.items()),
            )
        )
    sure = (
        choice.options[0].change.get("model", {}) for choice in choices if len(choice.options) == 1 and choice.source
    )
    matrices = frozenset(name for group in (*w.roles.values(), w.fused) for name, _ in group)
    update = stepped(kept)
    if update.train:
        found, said = {**found, "train": update.train}, [*said, *update.said]
    whole = Proposal(
        found, (widths, *said), own, frozenset(key for change in sure for key in change), matrices, update=update
    )
    if spoken:
        return whole
    theirs, other = known(kept, found), whole.under(own_loss(kept, found))
    return other if theirs is None else replace(whole.under(theirs), instead=other)


def shows_heads(kept: Recording) -> bool:
    """Whether a setting or the shape of an array tells how many heads there are. Raises RecordingError as `propose`."""
    asked = read_by(kept)
    (choice,) = _heads(kept, asked.weights, asked, _stacks(kept, asked))
    return len([option for option in choice.options if not option.against]) < 2


def _stacks(kept: Recording, asked: Read) -> list[Stack]:
    memory = kept[asked.memory].shape[:-1] if asked.memory else ()
    return stacks.stacks(kept, asked.shape, memory, asked.weights.width)


def _inputs(kept: Recording, asked: Read, seen: Sequence[Stack]) -> Iterator[Choice]:
    """The input, and which of its axes is the batch."""
    if asked.words:
        ids = np.atleast_2d(asked.array)
        size = asked.weights.tables[0][1].shape[0]
        side = "target" if masks.causal(kept) else "source"
        change = {"input": {side: {"ids": ids.tolist()}}, "vocab": {"size": size}}
        yield Choice([Option(change, f"input.{side} {asked.name}")])
        return
    array, memory = asked.array, kept[asked.memory] if asked.memory else None
    for name in (asked.name, asked.memory) if memory is not None else (asked.name,):
        if not np.isfinite(kept[name]).all():
            raise by_hand(Bilingual("{name} holds infinities or NaN", "{name} 里有无穷大或 NaN", name=name))
    whole = array if array.ndim == 3 else array[None]
    rest = {} if memory is None else {"memory": memory if memory.ndim == 3 else memory[None]}
    said = f"input.x {asked.name}" + (f", input.memory {asked.memory}" if memory is not None else "")
    against = {across: next((each.name for each in seen if each.across != across), "") for across in (False, True)}
    straight = Option({"input": {"x": whole, **rest}}, said, against[False])
    if array.ndim < 3 or array.shape[0] == array.shape[1] == 1:
        yield Choice([straight])
        return
    turned = {"x": array.swapaxes(0, 1)} | (
        {} if memory is None or memory.ndim < 3 else {"memory": memory.swapaxes(0, 1)}
    )
    first = Bilingual("{what}, positions before the batch", "{what}，位置在批次之前", what=said)
    across = Option({"input": turned}, str(first), against[True] if array.shape[0] != array.shape[1] else "")
    told = set(settings(kept, "batch_first").values())
    if len(told) == 1:
        yield Choice([straight if told == {True} else across], "batch_first")
    else:
        yield Choice([straight, across])


def _heads(kept: Recording, w: Weights, asked: Read, stacked: Sequence[Stack]) -> Iterator[Choice]:
    """The number of heads, and of those of the keys."""
    width = w.width
    kv = width
    for role, name in (("W_Q", "q"), ("W_K", "k")):
        for _, array in w.roles.get(role, ())[:1]:
            other = across(array, w.width)
            width, kv = (other, kv) if name == "q" else (width, other)
    for _, array in w.fused[:1]:  # queries are as wide as what the heads give
        width = next((across(merging, w.width) for _, merging in w.roles.get("W_O", ())), w.width)
        kv = (across(array, w.width) - width) // 2
    valued = next((across(array, w.width) for _, array in w.roles.get("W_V", ())), kv)
    told = {v for v in settings(kept, *HEADS).values() if type(v) is int and v > 0 and width % v == 0}
    seen = stacks.heads(stacked, width) or _split(kept, asked.shape, width)
    bare = stacks.single(kept, stacked, asked.shape)
    if len(told) == 1:
        numbers = sorted(told)
        source = next(key for key, value in settings(kept, *HEADS).items() if value == numbers[0])
    elif seen:
        numbers, source = [seen[1]], seen[0]
    else:
        numbers, source = [n for n in range(1, min(width, 64) + 1) if width % n == 0], ""
    options = []
    for n in [n for n in numbers if kv % (width // n) == 0] or numbers:
        model: dict[str, Any] = {"heads": n}
        if kv != width and kv % (width // n) == 0:
            model["kv_heads"] = kv * n // width
        d_v = valued // (of := model.get("kv_heads", n))
        if width != w.width or d_v != width // n:
            model |= {"d_k": width // n, "d_v": d_v if valued % of == 0 else width // n}
        said = f"heads {n}" + (f", kv_heads {model['kv_heads']}" if "kv_heads" in model else "")
        options.append(Option({"model": model}, said, bare if n > 1 else ""))
    yield Choice(options, source)


def _split(kept: Recording, read: tuple[int, ...], width: int) -> tuple[str, int] | None:
    """An array whose shape tells of heads: (…, head, position, d) or (…, position, head, d)."""
    n, batch = read[-1], read[0] if len(read) > 1 else 1
    for name, array in kept.arrays.items():
        if array.dtype.kind != "f" or array.ndim not in (3, 4) or name.endswith((".grad", ".new")):
            continue
        if kept.note(name).kind in ("weight", "input"):
            continue
        *_, first, second, last = array.shape
        if last < width and second == n and first * last == width and (array.ndim == 4 or first not in (1, batch)):
            return name, first
        if (array.ndim == 4 or batch == 1) and first == n and second * last == width and second > 1:
            return name, second
    return None


def _biases(w: Weights, block: bool) -> Iterator[Choice]:
    sites = {"qkv": w.biased("W_Q", "W_K", "W_V"), "out": w.biased("W_O")}
    if not w.count("W_O"):
        sites["out"] = sites["qkv"]
    if block:
        sites |= {"ffn": w.biased("W_1", "W_2"), "norm": bool(w.shifts) or not w.scales}
    if w.heads:
        name = w.heads[-1][0]
        sites["head"] = sibling(name) in w.biases or name in w.uses.biases.values()
    without = [site for site, there in sites.items() if not there]
    if without:
        bias: object = sites if len(without) < len(sites) else False
        said = Bilingual("no bias in {sites}", "没有偏置：{sites}", sites=", ".join(without))
        yield Choice([Option({"model": {"bias": bias}}, str(said))], str(Bilingual("weights", "权重")))


def _feed_forward(kept: Recording, w: Weights) -> Iterator[Choice]:
    """The width of the feed-forward network, and what bends in it."""
    d = w.width
    inner = {
        size for role in ("W_1", "W_2", "W_gate") for _, a in w.roles.get(role, ()) for size in a.shape if size != d
    }
    if len(inner) > 1 or not w.count("W_1") or not w.count("W_2"):
        raise by_hand(
            Bilingual(
                "no feed-forward network of two matrices d_model × d_ff in each layer",
                "各层没有由两个 d_model × d_ff 矩阵构成的前馈网络",
            )
        )
    width = inner.pop() if inner else d
    yield Choice([Option({"model": {"d_ff": width}}, f"d_ff {width}")], str(Bilingual("weights", "权重")))
    ops = {kept.note(name).op for name in kept} | {str(v).lower() for v in kept.settings.values()}
    called = [act for act in ("relu", "gelu", "silu") if act in ops]
    if w.count("W_gate"):
        names = ["swiglu", "geglu"]
        if len(called) == 1:
            names = [n for n in names if called[0] == {"swiglu": "silu", "geglu": "gelu"}[n]] or names
        yield Choice(
            [
                Option(
                    {"model": {"activation": "swiglu"} if n == "swiglu" else {"activation": "gelu", "gated": True}}, n
                )
                for n in names
            ],
            *called[:1],
        )
        return
    acts = ACTS[called[0] if len(called) == 1 else ""]
    told = settings(kept, "approximate")
    if called == ["gelu"] and len(set(told.values())) == 1:
        acts = ("gelu_tanh",) if "tanh" in told.values() else ("gelu",)
    yield Choice([Option({"model": {"activation": act}}, f"activation {act}") for act in acts], *called[:1])


def _masks(kept: Recording, asked: Read, triangle: str | None, block: bool, seen: Sequence[Stack]) -> Iterator[Choice]:
    """What is hidden: what comes later, or what an array says."""
    shape = asked.array.shape
    n = shape[-1] if asked.words else shape[-2]
    keys = kept[asked.memory].shape[-2] if asked.memory else n
    batch = (shape[0] if len(shape) == (2 if asked.words else 3) else 1) or 1
    base: dict[str, Any] = {"causal": triangle is not None, **({"padding": False} if block else {})}
    causal = str(Bilingual("causal mask", "因果掩码"))
    none = str(Bilingual("no mask", "没有掩码"))
    options = [Option({"model": {"mask": base}}, causal if triangle else none)]
    for name, numbers in masks.added(kept, n, keys):
        said = Bilingual("mask {name}, added", "掩码 {name}，相加", name=name)
        options.append(Option({"model": {"mask": {**base, "custom": numbers.tolist()}}}, str(said)))
    for name, marked in masks.others(kept, batch, n, keys):
        for looks in (False, True):
            custom = np.broadcast_to(marked == looks, (batch, *marked.shape[1:2], n, keys))
            said = Bilingual("mask {name}, true hides", "掩码 {name}，真为遮住", name=name)
            if looks:
                said = Bilingual("mask {name}, true looks", "掩码 {name}，真为可看", name=name)
            options.append(Option({"model": {"mask": {**base, "custom": custom.tolist()}}}, str(said)))
    if not triangle and n > 1 and not asked.memory and not asked.words:
        kind: Mapping[str, Any] = {"kind": "decoder"} if block else {}
        shown = next((each.name for each in seen if each.shows_all), "")
        if shown:
            shown = str(Bilingual("guessed: {name} hides nothing", "推断：{name} 没有遮住任何格", name=shown))
        options.append(Option({"model": {**kind, "mask": {**base, "causal": True}}}, causal, shown))
    yield Choice(options, masks.shown_by(kept, triangle) if triangle else "")


def _words(kept: Recording, asked: Read) -> Iterator[Choice]:
    """What stands behind the last layer, how words become vectors, and the sizes of vocabularies."""
    w = asked.weights
    yield from scaled(kept, w.tables[0][1], asked.array)
    if w.heads:
        name, array = w.heads[-1]
        size, out = w.tables[0][1].shape[0], next((s for s in array.shape if s != w.width), w.width)
        triangle = masks.causal(kept)
        model: dict[str, Any] = {"head": True}
        if w.tied:
            model["tie"] = [["tgt.E" if triangle else "src.E", "out.W"]]
        vocab = {"size": size} if triangle else {"source": {"size": size}, "target": {"size": size if w.tied else out}}
        said = f"head {name}" + str(Bilingual(", tied to the embedding", "，与嵌入共用")) * w.tied
        yield Choice([Option({"model": model, "vocab": vocab}, said)], str(Bilingual("weights", "权重")))


def _smoothing(kept: Recording) -> dict[str, Any]:
    """How much of each label is shared among all words, where their loss was told so."""
    told = {value for value in settings(kept, "label_smoothing").values() if type(value) is float and 0 < value < 1}
    return {"smoothing": told.pop()} if len(told) == 1 else {}
