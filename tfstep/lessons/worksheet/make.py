"""Making a worksheet: numbers drawn from its seed, steps chosen, operands rounded, cells left blank."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from tfstep.address.grammar import cell_name
from tfstep.engine.node import Node
from tfstep.engine.trace import Tensor, Trace
from tfstep.engine.why import explain
from tfstep.errors import CommandError
from tfstep.lessons.worksheet.draw import with_drawn_parameters
from tfstep.lessons.worksheet.excerpt import WIDEST, Excerpt, excerpt, roles
from tfstep.lessons.worksheet.exercise import PLACES, Answer, Exercise, Grid, Sheet
from tfstep.lessons.worksheet.pick import LEVELS, OPS, candidates, operands
from tfstep.lessons.worksheet.working import working
from tfstep.scenario.scenario import Scenario
from tfstep.text import Bilingual
from tfstep.view.export.indices import along, in_words

BLANKS = 3  # cells left out of a table
DEEP = {"softmax": 3, "formula": 4}  # levels of working, down to what is given, where it takes more than one
MOST_PLACES = 4
FEW_PLACES = 4  # decimals below which an answer is asked for as it is
_STEP = Bilingual("one step", "一步运算")  # of a formula, which need not be a product
_TASKS = {
    "products": Bilingual("Work out the blanks.", "算出空格中的数。"),
    "softmax": Bilingual("Work out the row that is left out.", "算出空出来的那一行。"),
    "masks": Bilingual(
        "Which scores are masked, those where the mask is not 0? Fill in the row.",
        "掩码不为 0 的地方，分数会被遮住。填出这一行。",
    ),
    "gradients": Bilingual("Work out the blanks of the gradient.", "算出梯度中的空格。"),
    "updates": Bilingual("Make the update: work out the blanks.", "做一次参数更新：算出空格中的数。"),
}
_PARTS = Bilingual("The tables are parts of larger ones.", "这几张表只是大表的一部分。")


def worksheet(scenario: Scenario, seed: int, levels: Sequence[str] = (), rounded: bool = False, each: int = 2) -> Sheet:
    """A worksheet of ``each`` exercises a level. Nobody rounds to half precision by hand: such a scenario is worked in
    float64. Raises CommandError where the scenario has none that fit on paper."""
    if scenario.model.half:
        scenario = scenario.in_float64()
    rng = np.random.default_rng([seed, zlib.crc32(f"{scenario.name}:{scenario.variant}".encode())])
    trace = with_drawn_parameters(scenario.program.trace(), rng, rounded)
    found = {level: candidates(trace, level) for level in levels or LEVELS}
    made: dict[str, list[tuple[int, Exercise]]] = {level: [] for level in found}
    taken: list[Node] = []
    # one of each level after the other; the least choice first, and of two with as little what is not everywhere
    order = sorted(found, key=lambda level: (len(found[level]), level == "products", rng.random()))
    choices = {level: [found[level][k] for k in rng.permutation(len(found[level]))] for level in order}
    for nodes in choices.values():  # those are taken last whose numbers need more decimals than others do
        nodes.sort(key=lambda node: _tells(trace, node, 1 if rounded else 2))
    for level in [level for _ in range(each) for level in order]:
        while choices[level]:
            node = choices[level].pop()
            if any(_gives_away(trace, node, other) for other in taken):
                continue
            if (exercise := _exercise(trace, node, level, rng, rounded)) is not None:
                made[level].append((node.number, exercise))
                taken.append(node)
                break
    exercises = [exercise for ones in made.values() for _, exercise in sorted(ones, key=lambda pair: pair[0])]
    if not exercises and not levels:
        raise CommandError(
            Bilingual(
                "{name} has no step that fits on paper: no more than {n} rows and columns",
                "{name} 没有适合笔算的步骤：最多 {n} 行 {n} 列",
                name=scenario.name,
                n=WIDEST,
            )
        )
    if not exercises:
        raise CommandError(
            Bilingual(
                "{name} has no step of this level that fits on paper; levels: {levels}",
                "{name} 没有适合笔算的这类步骤；可选：{levels}",
                name=scenario.name,
                levels=", ".join(LEVELS),
            )
        )
    return Sheet(scenario.title, scenario.name, scenario.variant, seed, tuple(exercises))


def _gives_away(trace: Trace, one: Node, other: Node) -> bool:
    """Whether one of two exercises prints, among what is given, the numbers that the other asks for: the same tensor,
    or the same numbers in another arrangement, as split into heads."""
    return any(
        source.slot == asked.slot or _same_numbers(trace.value(source.slot), trace.value(asked.slot))
        for asks, asked in ((one, other), (other, one))
        for source in operands(trace, asks)
    )


def _same_numbers(a: np.ndarray, b: np.ndarray) -> bool:
    return a.size == b.size > 1 and bool(np.array_equal(np.sort(a, axis=None), np.sort(b, axis=None)))


def _exercise(trace: Trace, node: Node, level: str, rng: np.random.Generator, rounded: bool) -> Exercise | None:
    """One step as an exercise, on rounded operands; None where they cannot be."""
    assert node.op is not None
    exact = next(_telling(trace, node, 1 if rounded else 2), None)
    if exact is None or not np.isfinite(exact[node.path].value).all():
        return None
    tensor = exact[node.path]
    leads = list(np.ndindex(tensor.shape[:-2]))
    part = excerpt(node, list(operands(trace, node)), rng)
    tables = ((lead, _given(exact, node, lead, part)) for lead in (leads[k] for k in rng.permutation(len(leads))))
    found_lead = next(((lead, given) for lead, given in tables if all(np.any(grid.numbers) for grid in given)), None)
    if found_lead is None:
        return None  # no sentence, and no head, with anything but zeros
    lead, given = found_lead
    blank = _blanks(part.cut(np.asarray(tensor.value[lead])), level, rng)
    cells = [lead + part.place(at.tolist()) for at in np.argwhere(blank)] if tensor.shape else [()]
    result = _grid(tensor, lead, part, blank)
    paths = {source.path for source in operands(trace, node)}
    answers: list[Answer] = []
    told: set[str] = set()
    for cell in cells:
        found = explain(exact, node.slot, cell, DEEP.get(node.op.name.partition("_vjp")[0], 1))
        if not found.holds:
            return None
        name = cell_name(tensor.path, cell) if not cell else f"{tensor.path}[{','.join(in_words(tensor, cell))}]"
        lines = [each for each in dict.fromkeys(working(exact, found, paths)) if each not in told]
        told.update(lines)
        answers.append(Answer(name, found.value, tuple(lines)))
    formula = tensor.formula or ""
    label = _STEP if level == "products" and node.op.name not in OPS else LEVELS[level]
    task = (
        _TASKS[level]
        if part == Excerpt()
        else Bilingual("{task} {parts}", "{task}{parts}", task=_TASKS[level], parts=_PARTS)
    )
    places = None if level == "masks" else _decimals([answer.value for answer in answers])
    return Exercise(
        level, node.path, node.op.name, dict(node.attrs), formula, task, given, result, tuple(answers), label, places
    )


def _decimals(values: Sequence[float]) -> int:
    """To how many decimals answers are asked for: all that they have where these are few, else three digits of the
    largest one."""
    exact = next((n for n in range(FEW_PLACES) if all(round(x, n) == round(x, PLACES) for x in values)), None)
    largest = max((abs(x) for x in values), default=0.0)
    digits = 2 - math.floor(math.log10(largest)) if largest else 0
    return exact if exact is not None else min(max(digits, 2), 6)


def _given(trace: Trace, node: Node, lead: tuple[int, ...], part: Excerpt) -> tuple[Grid, ...]:
    """The tables of what a step reads, for one sentence and head, as far as ``part`` of its result needs them."""
    sources = list(operands(trace, node))
    return tuple(
        _grid(trace[source.path], lead[: max(0, len(source.shape) - 2)], part.of(role))
        for source, role in zip(sources, roles(node, sources)[1:], strict=True)
    )


def _telling(trace: Trace, node: Node, places: int) -> Iterator[Trace]:
    """The step on rounded operands: to so many places, or to more where all of an operand would become 0."""
    for more in range(places, MOST_PLACES + 1):
        alone = _alone(trace, node, more)
        if alone is not None and _tells(alone, node, more):
            yield alone


def _tells(trace: Trace, node: Node, places: int) -> bool:
    """Whether no operand becomes 0 all over when it is rounded to so many places."""
    return all(np.any(np.round(trace.value(each.slot), places)) for each in operands(trace, node))


def _alone(trace: Trace, node: Node, places: int) -> Trace | None:
    """The step by itself: as if its operands had these rounded numbers, and nothing else knew of it.

    Pinned to them, they would stop the gradient that a step of the backward pass carries through them.
    """
    values = list(trace.values)
    for source in operands(trace, node):
        value = trace.value(source.slot)
        if not np.isfinite(value).all():
            return None
        values[source.slot] = np.round(value, places) + 0.0 if value.dtype.kind == "f" else value
    values[node.slot] = None
    return Trace(trace.plan, values)


def _blanks(numbers: np.ndarray, level: str, rng: np.random.Generator) -> np.ndarray:
    """Which cells of a table are left out: a row of softmaxes and masks, else some cells, those that are 0 last."""
    blank = np.zeros(numbers.shape, bool)
    if level in ("softmax", "masks") and numbers.ndim:
        blank[rng.integers(len(blank)) if numbers.ndim == 2 else ...] = True
    else:
        shuffled = rng.permutation(blank.size)
        told = shuffled[np.argsort(np.round(numbers.reshape(-1)[shuffled], PLACES) == 0, kind="stable")]
        blank.reshape(-1)[told[: max(1, min(BLANKS, blank.size // 2))]] = True
    return blank


def _grid(tensor: Tensor, lead: tuple[int, ...], part: Excerpt, blank: np.ndarray | None = None) -> Grid:
    """The last two axes of a tensor as a table, or ``part`` of it; ``lead`` picks the sentence and the head."""
    spec = tensor.node.spec
    lead = tuple(min(i, n - 1) for i, n in zip(lead, tensor.shape, strict=False))
    numbers = np.asarray(tensor.value[lead])
    sentence = lead[0] if lead and spec.axes[0].name == "batch" else 0
    names = [along(axis, n, sentence) for axis, n in zip(spec.axes[-2:], tensor.shape[-2:], strict=True)]
    rows, columns = ([""], [""]) if not names else ([""], names[0]) if len(names) == 1 else names
    table = part.cut(numbers.reshape(len(rows), len(columns)))
    rows, columns = rows[part.rows], columns[part.columns]
    hidden = np.zeros(table.shape, bool) if blank is None else blank.reshape(table.shape)
    where = f"[{','.join(map(str, lead))}]" if any(n > 1 for n in tensor.shape[: len(lead)]) else ""
    return Grid(f"{tensor.path}{where}", tuple(rows), tuple(columns), table, hidden)
