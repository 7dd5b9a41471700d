"""Greedy decoding: one forward pass a word, each of them a trace that can be stepped through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from tfstep.engine.trace import Trace
from tfstep.errors import CommandError
from tfstep.models.build import build
from tfstep.models.config import LossConfig, Sentences
from tfstep.scenario.scenario import Scenario
from tfstep.text import Bilingual

START, END = "<sos>", "<eos>"


class Word(Struct, frozen=True, eq=False):
    """One word said: what the decoder had read, the probability of every word, and the pass that gave it."""

    read: tuple[str, ...]
    said: str
    probability: float
    probabilities: np.ndarray  # (vocab)
    vocab: tuple[str, ...]
    trace: Trace

    def best(self, n: int = 5) -> list[tuple[str, float]]:
        """The likeliest words with their probabilities, the most likely first."""
        order = np.argsort(-self.probabilities, kind="stable")[:n]
        return [(self.vocab[i], float(self.probabilities[i])) for i in order]


def generate(scenario: Scenario, parameters: Mapping[str, np.ndarray], most: int = 20) -> Iterator[Word]:
    """Say word after word until ``<eos>``, or ``most`` of them. ``parameters`` are by path.

    The decoder starts from ``<sos>`` where its input begins with that, else from all of its input. Raises
    CommandError for a model that says nothing.
    """
    target = scenario.inputs.target
    if target is None:
        raise CommandError(
            Bilingual(
                "only a model with a decoder can generate; this scenario's kind is {kind}",
                "只有带解码器的模型才能生成；这个场景的类型是 {kind}",
                kind=scenario.model.kind,
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
    source = scenario.inputs.source
    read = [int(i) for i in target.ids[0] if i != target.pad]
    if target.vocab[read[0]] == START:
        read = read[:1]
    said_vocab = scenario.inputs.labels.vocab if scenario.inputs.labels is not None else target.vocab
    first = source if source is None else _first(source)
    for _ in range(most):
        words = tuple(target.vocab[i] for i in read)
        seen = Sentences((words,), np.array([read]), target.vocab, target.pad)
        inputs = replace(scenario.inputs, source=first, target=seen, labels=None, documents=None)
        plan = build(replace(scenario.model, head=True), inputs, LossConfig("none"), scenario.train)
        leaves = plan.leaves | {
            node.slot: _fitting(parameters[node.path], node.shape) for node in plan.nodes if node.kind == "parameter"
        }
        trace = Trace.start(plan, leaves).run()
        p = trace["out.probs"].value[0, -1]
        best = int(p.argmax())
        said = said_vocab[best]
        yield Word(words, said, float(p[best]), p, said_vocab, trace)
        if said == END or said not in target.vocab:
            return
        read.append(target.vocab.index(said))


def _first(side: Sentences) -> Sentences:
    """The first sentence of a batch, without its padding."""
    n = int((side.ids[0] != side.pad).sum()) if side.pad is not None else side.ids.shape[1]
    return Sentences((side.words[0][:n],), side.ids[:1, :n], side.vocab, side.pad)


def _fitting(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A table of learned positions as long as this pass needs. Raises CommandError where it is too short."""
    if array.shape == shape:
        return array
    if len(array.shape) == 2 and array.shape[0] >= shape[0]:
        return array[: shape[0]]
    raise CommandError(
        Bilingual(
            "the learned positions end at {n} words; generate fewer with --max",
            "学到的位置编码只有 {n} 个词长；请用 --max 少生成一些",
            n=array.shape[0],
        )
    )
