"""Why a key is hidden from a query, with the numbers: how far it is away, what the window holds, which chunk is whose."""

from __future__ import annotations

import re

from tfstep.engine.trace import Tensor, Trace
from tfstep.models.config import ModelConfig
from tfstep.ops.attention import CHUNK, DOCUMENT, REASONS, WINDOW
from tfstep.scenario.scenario import Scenario
from tfstep.text import Bilingual
from tfstep.view.matrix.plane import mask_of

_LAYER = re.compile(r"(enc|dec)(\d+)\.")


def hidden_because(trace: Trace, tensor: Tensor, cell: tuple[int, ...]) -> Bilingual | None:
    """The reason of a cell over which a mask has had its say, or None where nothing hides it."""
    mask = mask_of(tensor.trace, tensor.node)
    if mask is None or len(cell) != 4:
        return None
    rows = mask.value
    reason = int(rows[cell[0] if rows.shape[0] > 1 else 0, 0, cell[2], cell[3]])
    found = REASONS.get(reason)
    scenario = trace.plan.origin
    if found is None or not isinstance(scenario, Scenario):
        return found
    query, key = cell[2] + rows.shape[3] - rows.shape[2], cell[3]  # a pass with a cache asks for its last words alone
    layer = _LAYER.match(mask.path)
    model = scenario.model.layer(int(layer[2])) if layer else scenario.model
    texts = [REASONS[each] for each in _each(reason) if each not in (WINDOW, CHUNK, DOCUMENT)]
    if reason & WINDOW and model.window is not None:
        texts.append(_window(query, key, model, sided=not layer or layer[1] == "dec"))
    if reason & CHUNK and model.chunk is not None:
        texts.append(_chunk(query, key, model.chunk))
    if reason & DOCUMENT:
        texts.append(_document(scenario, cell[0], query, key))
    if not reason & (WINDOW | CHUNK | DOCUMENT):
        return found
    said = texts[0]
    for text in texts[1:]:
        said = Bilingual("{a}; {b}", "{a}；{b}", a=said, b=text)
    return said


def _each(reason: int) -> list[int]:
    """The reasons that are in a sum."""
    return [1 << k for k in range(reason.bit_length()) if reason >> k & 1]


def _window(query: int, key: int, model: ModelConfig, sided: bool) -> Bilingual:
    """A window before the query, itself included; or one to both sides."""
    if sided and model.mask.causal and key <= query:
        return Bilingual(
            "hidden by the window: key {key} is {far} before query {query}, the window holds {size}",
            "被窗口遮住：键 {key} 在查询 {query} 之前 {far} 位，窗口只有 {size} 位",
            key=key,
            far=query - key,
            query=query,
            size=model.window,
        )
    return Bilingual(
        "hidden by the window: key {key} is {far} away from query {query}, the window reaches {size} to each side",
        "被窗口遮住：键 {key} 距查询 {query} 有 {far} 位，窗口向两边各只到 {size} 位",
        key=key,
        far=abs(query - key),
        query=query,
        size=model.window,
    )


def _chunk(query: int, key: int, size: int) -> Bilingual:
    return Bilingual(
        "hidden by the chunk: key {key} is in chunk {a}, query {query} in chunk {b}; a chunk holds {size}",
        "被分块遮住：键 {key} 在第 {a} 块，查询 {query} 在第 {b} 块；每块 {size} 位",
        key=key,
        a=key // size,
        query=query,
        b=query // size,
        size=size,
    )


def _document(scenario: Scenario, sentence: int, query: int, key: int) -> Bilingual:
    rows = scenario.inputs.documents
    if rows is None:
        return REASONS[DOCUMENT]
    row = rows[sentence if len(rows) > 1 else 0]
    return Bilingual(
        "hidden as of another document: key {key} belongs to document {a}, query {query} to document {b}",
        "属于另一篇文档而被遮住：键 {key} 属于文档 {a}，查询 {query} 属于文档 {b}",
        key=key,
        a=int(row[key]),
        query=query,
        b=int(row[query]),
    )
