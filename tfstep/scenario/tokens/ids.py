"""``{ids: …}``: words by their numbers."""

from __future__ import annotations

from tfstep.scenario.file.mistakes import Report
from tfstep.scenario.file.nodes import Section, found_text, to_python
from tfstep.text import Bilingual


def read_ids(node: Section, report: Report) -> list[list[int]]:
    """A batch of rows of ids; none where they are wrong, which is noted."""
    ids = node.get("ids")
    if ids is None or len(node.entries) != 1:
        report.add(node.place, Bilingual("a section without ids: {{ids: [5, 17, 9]}}", "此处须写 {{ids: [5, 17, 9]}}"))
        return []
    plain = to_python(ids)
    rows = plain if isinstance(plain, list) and plain and all(isinstance(row, list) for row in plain) else [plain]
    whole: list[list[int]] = [row for row in rows if isinstance(row, list) and all(type(i) is int for i in row)]
    if len(whole) < len(rows):
        report.add(
            ids.place, Bilingual("ids are {it}; whole numbers are needed", "ids 为 {it}；须为整数", it=found_text(ids))
        )
        return []
    return whole


def no_such_id(i: int, size: int) -> Bilingual:
    """What is said of an id beyond the vocabulary."""
    return Bilingual(
        "the id {i}; the vocabulary has {size:,}, so 0 to {last} are allowed",
        "编号 {i}；词表有 {size:,} 个，可用 0 到 {last}",
        i=i,
        size=size,
        last=size - 1,
    )
