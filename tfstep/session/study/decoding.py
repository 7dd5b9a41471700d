"""Decoding: one forward pass a word, each of them a trace that can be stepped through.

With a cache a pass reads only the words that are new, and the keys and values that the passes before have left it
(`K_past`, `V_past`); without, each reads all words anew, and gives the same numbers to rounding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from tfstep import work
from tfstep.engine.cases.longer import Longer, longer
from tfstep.engine.plan import Plan
from tfstep.engine.trace import Trace
from tfstep.errors import CommandError
from tfstep.models.build import build
from tfstep.models.config import Inputs, LossConfig, ModelConfig, Past, Sentences
from tfstep.models.decoder import constants
from tfstep.scenario.scenario import Scenario
from tfstep.text import Bilingual

START, END = "<sos>", "<eos>"
WORDS = Bilingual("words", "个词")


class Sampling(Struct, frozen=True):
    """How a word is chosen: the likeliest, or with a temperature drawn among the ``top_k`` likeliest, or among those
    that together have probability ``top_p`` (Holtzman et al. 2020). With a ``penalty`` other than 1 the logits of words that
    were read are divided by it where they are positive, else multiplied with it, each word once (Keskar et al. 2019)."""

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0
    penalty: float = 1.0

    def shares(self, logits: np.ndarray, seen: np.ndarray | None = None) -> np.ndarray:
        """The probabilities that a word is drawn with; ``seen`` are the places of the words that were read.

        Shape: (vocab) → (vocab).
        """
        scaled = penalised(logits.astype(np.float64), seen, self.penalty) / (self.temperature or 1.0)
        order = np.argsort(-scaled, kind="stable")
        p = np.exp(scaled - scaled.max())
        p /= p.sum()
        if self.temperature and self.top_k:
            p[order[self.top_k :]] = 0.0
            p /= p.sum()
        if self.temperature and self.top_p < 1.0:
            before = np.cumsum(p[order]) - p[order]
            p[order[before >= self.top_p]] = 0.0
            p /= p.sum()
        return np.asarray(p)


def penalised(scores: np.ndarray, seen: np.ndarray | None, penalty: float) -> np.ndarray:
    """Scores with those of the words that were seen made less likely. Shape: (vocab) → (vocab)."""
    if penalty == 1.0 or seen is None:
        return scores
    own, found = scores[seen], scores.copy()
    found[seen] = np.where(own > 0, own / penalty, own * penalty)
    return found


class Word(Struct, frozen=True, eq=False):
    """One word said: what the decoder had read, the probability of every word, and the pass that gave it."""

    read: tuple[str, ...]
    said: str
    probability: float
    probabilities: np.ndarray  # (vocab)
    vocab: Sequence[str]
    scenario: Scenario  # the pass as one, without loss
    trace: Trace
    id: int  # of what is said

    def best(self, n: int = 5) -> list[tuple[str, float]]:
        """The likeliest words with their probabilities, the most likely first."""
        order = np.argsort(-self.probabilities, kind="stable")[:n]
        return [(self.vocab[i], float(self.probabilities[i])) for i in order.tolist()]


class Reader:
    """A decoder that is given words, pass by pass: what it starts from, and the trace of each pass.

    ``starts`` are the ids that it reads first; from ``<sos>`` where its input begins with that, else all of its input.
    By itself it has a ``cache`` where its words are those of a tokenizer. Raises CommandError for a model that says
    nothing.
    """

    def __init__(self, scenario: Scenario, parameters: Mapping[str, np.ndarray], cache: bool | None = None) -> None:
        check(scenario)
        target, source, labels = scenario.inputs.target, scenario.inputs.source, scenario.inputs.labels
        assert target is not None
        self.scenario, self.parameters, self.target = scenario, parameters, target
        self.vocabulary = scenario.vocab.get("target")
        self.by_place = self.vocabulary is not None and self.vocabulary.by_place
        self.cached = (self.by_place if cache is None else cache) and cacheable(scenario.model)
        self.vocab = labels.vocab if labels is not None else target.vocab
        self.starts = _start(target, self.by_place)
        first = None if source is None else _first(source)
        self.inputs = replace(scenario.inputs, source=first, labels=None, documents=None)
        self._first: tuple[int, Plan] | None = (
            None  # of the first pass that reads one word after others: how many in all
        )
        self._longer: Longer | None = None  # what follows it, read off the one after it
        self._words = 0  # how many those are

    def words(self, read: Sequence[int]) -> tuple[str, ...]:
        """The words of these ids."""
        return _spelled(list(read), self.target, self.scenario)

    def run(self, read: Sequence[int], before: Trace | None = None, done: int = 0) -> tuple[Scenario, Trace]:
        """The pass that reads these ids, as a scenario of its own; ``before`` is that of the first ``done`` of them.

        Raises PositionsEndError where that is more words than it has positions.
        """
        model = self.scenario.model
        rows = model.positions if model.positional == "learned" else None
        if rows is not None and self.scenario.inputs.offset + model.position_offset + len(read) > rows:
            raise PositionsEndError(rows - model.position_offset)
        before = before if self.cached else None
        asked = _pass(self.scenario, self.inputs, list(read), self.words(read), before, done)
        if asked.inputs.past is None or len(read) != done + 1:
            return asked, _run(asked, self.parameters)
        return asked, self._followed(asked, len(read))

    def _followed(self, asked: Scenario, words: int) -> Trace:
        """A pass that reads one word after others: the first two are recorded, the others computed by their steps."""
        follows, more = self._longer, words - self._words
        values = None if follows is None else follows.run(more, constants(asked.inputs, asked.model))
        if follows is not None and values is not None:
            return Trace.recorded_later(partial(_recorded, asked, follows, more, values), follows.plan, values)
        trace = _run(asked, self.parameters)
        if self._first is None:
            self._first = words, trace.plan
        elif follows is None and words == self._first[0] + 1 and not _cut(trace, self.parameters):
            self._longer = longer(self._first[1], trace, constants(asked.inputs, asked.model))
            self._words = words
        return trace

    def said(self, read: Sequence[int], best: int) -> str:
        """The word of a place in the vocabulary, said after these ids."""
        return self.words([*read, best])[-1] if self.by_place else self.vocab[best]

    def next_id(self, said: str, best: int) -> int | None:
        """What the decoder reads of a word that was said; None where that ends it."""
        if self.by_place:
            return None if self.vocabulary is not None and best in self.vocabulary.ends else best
        return None if said == END or said not in self.target.vocab else self.target.vocab.index(said)

    def seen(self, read: Sequence[int]) -> np.ndarray:
        """The places in the vocabulary of what was read, each once."""
        if self.by_place:
            return np.unique(np.asarray(read, np.int64))
        places = {word: k for k, word in enumerate(self.vocab)}
        return np.array(sorted({places[w] for w in self.words(read) if w in places}), np.int64)


class Said(Struct, frozen=True, eq=False):
    """All that was said, and why it ends before a word that ends it or as many as were asked for, where it does."""

    words: tuple[Word, ...]
    end: Bilingual | None = None
    stopped: bool = False  # whether somebody stopped the work


class PositionsEndError(CommandError):
    """A pass would read more words than the model has learned positions."""

    def __init__(self, rows: int) -> None:
        super().__init__(
            Bilingual("the model's learned positions end at {rows}", "模型学到的位置编码只有 {rows} 个", rows=rows)
        )


def say(
    scenario: Scenario,
    parameters: Mapping[str, np.ndarray],
    most: int = 20,
    sampling: Sampling | None = None,
    cache: bool | None = None,
    asked: str = "generate",
) -> Said:
    """What `generate` says, as far as it goes: what was said stays when positions end or the work is stopped.

    ``asked`` is what stands before the number of words where they are asked for. Raises CommandError.
    """
    words: list[Word] = []
    try:
        for word in generate(scenario, parameters, most, sampling, cache):
            words.append(word)  # one by one: they stay when the next is not said
    except PositionsEndError as error:
        if not words:
            raise
        end = Bilingual(
            "stopped after {n} of {most} words: {why}; {asked} {n} asks for no more",
            "生成 {n} 个词后停下（要求 {most} 个）：{why}；{asked} {n} 即到此为止",
            n=len(words),
            most=most,
            why=error.message,
            asked=asked,
        )
        return Said(tuple(words), end)
    except KeyboardInterrupt:
        if not words:
            raise
        stopped = Bilingual("stopped after {n} words", "生成 {n} 个词后已停止", n=len(words))
        return Said(tuple(words), stopped, stopped=True)
    return Said(tuple(words))


def generate(
    scenario: Scenario,
    parameters: Mapping[str, np.ndarray],
    most: int = 20,
    sampling: Sampling | None = None,
    cache: bool | None = None,
) -> Iterator[Word]:
    """Say word after word until one that ends, or ``most`` of them. ``parameters`` are by path.

    What it starts from and the ``cache``: see `Reader`. Raises CommandError for a model that says nothing, and
    PositionsEndError before a pass that reads more words than it has positions.
    """
    reader, sampling = Reader(scenario, parameters, cache), sampling or Sampling()
    draw = np.random.default_rng(sampling.seed)
    read, trace, done = list(reader.starts), None, 0
    work.expect(most * scenario.plan.seconds("forward"))
    for _ in work.each(range(most), WORDS):
        words = reader.words(read)
        asked, trace = reader.run(read, trace, done)
        done = len(read)
        plain = not sampling.temperature and sampling.penalty == 1.0
        p = last_row(trace, "out.probs") if plain else sampling.shares(last_row(trace, "out.logits"), reader.seen(read))
        if not np.isfinite(p).all():
            raise CommandError(no_word())
        best = int(draw.choice(len(p), p=p)) if sampling.temperature else int(p.argmax())
        said = reader.said(read, best)
        yield Word(words, said, float(p[best]), p, reader.vocab, asked, trace, best)
        following = reader.next_id(said, best)
        if following is None:
            return
        read.append(following)


def no_word() -> Bilingual:
    """What is said where probabilities are not numbers."""
    return Bilingual(
        "no next word can be chosen: the probabilities are not numbers; `break * if has_nan(it)` finds where that begins",
        "选不出下一个词：概率不是数（NaN）；`break * if has_nan(it)` 可找到它从哪里开始",
    )


def check(scenario: Scenario) -> None:
    """Refuse a model that says nothing. Raises CommandError."""
    if scenario.inputs.target is None:
        raise CommandError(
            Bilingual(
                "only a model with a decoder can generate; this scenario's kind is {kind}",
                "只有带解码器的模型才能生成；这个场景的类型是 {kind}",
                kind=scenario.model.kind,
            )
        )
    if scenario.inputs.positions is not None:
        raise CommandError(
            Bilingual(
                "`input.positions` are given, and the words that will be said have none; take them away to generate",
                "给出了 `input.positions`，而要生成的词没有位置；请去掉它再生成",
            )
        )
    if not scenario.model.head:
        raise CommandError(
            Bilingual(
                "without `out.logits` there are no words to choose from; switch the output layer on "
                "with `model.head: true`",
                "没有 `out.logits` 就没有词可选；请用 `model.head: true` 打开输出层",
            )
        )


def cacheable(model: ModelConfig) -> bool:
    """Whether what a word leaves behind does not change with the words after it."""
    layers = [model.layer(i) for i in range(model.decoder_layers)]
    stretched = any(
        c.positional == "rope" and c.rope.scaling is not None and c.rope.scaling.kind in ("dynamic", "longrope")
        for c in layers
    )
    return all(c.mask.causal and c.norm != "batch" for c in layers) and not stretched


def _pass(
    scenario: Scenario,
    inputs: Inputs,
    read: list[int],
    words: tuple[str, ...],
    before: Trace | None,
    done: int,
) -> Scenario:
    """The pass that reads these words, of which ``before`` has read the first ``done``, as a scenario of its own."""
    target = scenario.inputs.target
    assert target is not None
    every = Sentences(
        (words,), np.array([read]), target.vocab, target.pad, None if target.lengths is None else (len(read),)
    )
    past, seen = None, every
    if before is not None:
        keys, values = (_kept(before, step, scenario.model.decoder_layers) for step in ("scores", "heads"))
        past = Past(every, keys, values)
        seen = Sentences(
            (words[done:],), every.ids[:, done:], every.vocab, every.pad, every.lengths and (len(read) - done,)
        )
    model, inputs = replace(scenario.model, head=True, mode="eval"), replace(inputs, target=seen, past=past)
    return replace(scenario, model=model, inputs=inputs, loss=LossConfig("none"))


def last_row(trace: Trace, path: str) -> np.ndarray:
    """What a pass says of the word after the last: (vocab)."""
    row: np.ndarray = trace.value(trace.like.paths[path].slot)[0, -1]
    return row


def _plan(asked: Scenario) -> Plan:
    plan = build(asked.model, asked.inputs, asked.loss, asked.train)
    plan.origin = asked
    return plan


def _recorded(asked: Scenario, follows: Longer, more: int, values: list[Any]) -> Plan:
    """The plan of a pass that was computed without it."""
    plan = _plan(asked)
    if not follows.holds(plan, more, values):
        raise AssertionError(f"a pass over {more} words more was computed by other steps than it has")
    return plan


def _cut(trace: Trace, parameters: Mapping[str, np.ndarray]) -> bool:
    """Whether a pass has a shorter table of positions than the model, which grows in its own way."""
    return any(parameters[node.path].shape != node.shape for node in trace.plan.nodes if node.kind == "parameter")


def _run(asked: Scenario, parameters: Mapping[str, np.ndarray]) -> Trace:
    plan = _plan(asked)
    given = {n.slot: _fitting(parameters[n.path], n.shape) for n in plan.nodes if n.kind == "parameter"}
    return Trace.start(plan, plan.leaves | given).run()


def _kept(trace: Trace, step: str, layers: int) -> dict[str, np.ndarray]:
    """What self-attention read as its keys (of the scores) or values (of the heads), by the path of the attention."""
    steps = ((at, trace.like.paths.get(f"{at}.{step}")) for at in (f"dec{i}.attn" for i in range(layers)))
    return {at: trace.value(node.slots[1]) for at, node in steps if node is not None}


def _start(target: Sentences, by_place: bool) -> list[int]:
    """What the decoder reads first: of a batch the first sentence, without its padding."""
    if by_place:
        return list(map(int, _first(target).ids[0]))
    read = [int(i) for i in target.ids[0] if i != target.pad]
    return read[:1] if target.vocab[read[0]] == START else read


def _spelled(ids: list[int], target: Sentences, scenario: Scenario) -> tuple[str, ...]:
    """The words of these ids; of a tokenizer's as they stand in a sentence."""
    vocabulary = scenario.vocab.get("target")
    if vocabulary is not None and vocabulary.tokenizer is not None:
        return vocabulary.tokenizer.words(ids)
    return tuple(target.vocab[i] for i in ids)


def _first(side: Sentences) -> Sentences:
    """The first sentence of a batch, without its padding."""
    padding = side.padding
    n = side.ids.shape[1] if padding is None else int((~padding[0]).sum())
    return Sentences(
        (side.words[0][:n],), side.ids[:1, :n], side.vocab, side.pad, None if side.lengths is None else (n,)
    )


def _fitting(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A table of learned positions as long as this pass needs. Raises CommandError where it is too short."""
    if array.shape == shape:
        return array
    if len(array.shape) == 2 and array.shape[0] >= shape[0]:
        return array[: shape[0]]
    raise PositionsEndError(array.shape[0])
