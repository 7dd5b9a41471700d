"""A worksheet as Markdown, HTML or LaTeX; the key, where it is wanted, on a sheet of its own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tfstep.lessons.worksheet.exercise import Exercise, Grid, Sheet
from tfstep.lessons.worksheet.working import number
from tfstep.text import Bilingual, language
from tfstep.view.text.markup import escape

_BLANK = "______"
_KEY = Bilingual("Key", "答案")
_ROUNDING = Bilingual(
    "Work with the numbers as they are printed, keep two decimals more on the way than an answer has, and round at the "
    "end. One more or one less in the last decimal of an answer is right, too.",
    "按卷面上的数计算，中间结果比答案多留两位小数，最后再四舍五入。答案的最后一位多 1 或少 1 也算对。",
)


def _task(exercise: Exercise) -> Bilingual:
    """What is to be done, and to how many decimals."""
    if exercise.places is None:
        return exercise.task
    if not exercise.places:
        return Bilingual("{task} The answers are whole numbers.", "{task}答案是整数。", task=exercise.task)
    one = Bilingual("{task} Answers to 1 decimal.", "{task}答案保留 1 位小数。", task=exercise.task)
    several = Bilingual(
        "{task} Answers to {n} decimals.", "{task}答案保留 {n} 位小数。", task=exercise.task, n=exercise.places
    )
    return one if exercise.places == 1 else several


def heading(sheet: Sheet) -> str:
    """``Word order · Worksheet 7``."""
    about = "" if sheet.variant == "base" else f" ({sheet.variant})"
    number = Bilingual("Worksheet {seed}", "练习卷 {seed}", seed=sheet.seed)
    return f"{sheet.title}{about} · {number}"


def markdown(sheet: Sheet, key: bool) -> str:
    """Tables in pipes."""
    lines = [f"# {heading(sheet)}", "", str(_ROUNDING), ""]
    for n, exercise in enumerate(sheet.exercises, 1):
        lines += [
            f"## {n}. {_sort(exercise)}`{exercise.path}`",
            "",
            f"{_task(exercise)} `{exercise.formula}`",
            "",
        ]
        for grid in (*exercise.given, exercise.result):
            lines += [*_pipes(grid), ""]
    if key:
        lines += ["---", "", f"# {heading(sheet)} · {_KEY}", ""]
        for n, exercise in enumerate(sheet.exercises, 1):
            lines += [f"## {n}. `{exercise.path}`", ""]
            for answer in exercise.answers:
                lines += [f"**{answer.cell} = {exercise.asked(answer.value)}**", "", "```", *answer.working, "```", ""]
    return "\n".join(lines)


def _pipes(grid: Grid) -> Iterator[str]:
    if grid.single:
        yield f"`{grid.name}` = {next(_cells(grid, 0))}"
        return
    yield f"| {grid.name} | {' | '.join(grid.columns)} |"
    yield f"|---|{'---:|' * len(grid.columns)}"
    for k, row in enumerate(grid.rows):
        yield f"| {row} | {' | '.join(_cells(grid, k))} |"


def _cells(grid: Grid, row: int) -> Iterator[str]:
    for value, hidden in zip(grid.numbers[row], grid.blank[row], strict=True):
        yield _BLANK if hidden else _printed(value)


def _sort(exercise: Exercise) -> str:
    """What sort of exercise it is, before the name of its step."""
    return str(Bilingual("{label}: ", "{label}：", label=exercise.label))


def _printed(value: np.generic) -> str:
    return number(float(value)) if value.dtype.kind == "f" else str(value)


_STYLE = """<style>
body { font-family: serif; max-width: 46em; margin: 2em auto }
table { border-collapse: collapse; margin: .6em 1em }
td, th { border: 1px solid #999; padding: .2em .6em; text-align: right }
pre { white-space: pre-wrap; margin: .3em 1em }
.key { break-before: page }
section { break-inside: avoid }
</style>"""


def html(sheet: Sheet, key: bool) -> str:
    """A page that prints well, the key on a page of its own."""
    title = escape(heading(sheet))
    parts = [
        f'<!DOCTYPE html>\n<html lang="{language()}"><meta charset="utf-8"><title>{title}</title>',
        _STYLE,
        f"<h1>{title}</h1>",
        f"<p>{escape(str(_ROUNDING))}</p>",
    ]
    for n, exercise in enumerate(sheet.exercises, 1):
        parts.append(f"<section><h2>{n}. {_sort(exercise)}<code>{escape(exercise.path)}</code></h2>")
        parts.append(f"<p>{_task(exercise)} <code>{escape(exercise.formula)}</code></p>")
        parts += [_table(grid) for grid in (*exercise.given, exercise.result)]
        parts.append("</section>")
    if key:
        parts.append(f'<div class="key"><h1>{title} · {_KEY}</h1>')
        for n, exercise in enumerate(sheet.exercises, 1):
            parts.append(f"<section><h2>{n}. <code>{escape(exercise.path)}</code></h2>")
            for answer in exercise.answers:
                parts.append(f"<p><b>{escape(answer.cell)} = {exercise.asked(answer.value)}</b></p>")
                parts.append("<pre>" + escape("\n".join(answer.working)) + "</pre>")
            parts.append("</section>")
        parts.append("</div>")
    return "\n".join(parts) + "\n</html>\n"


def _table(grid: Grid) -> str:
    if grid.single:
        return f"<p><code>{escape(grid.name)}</code> = {next(_cells(grid, 0))}</p>"
    head = "".join(f"<th>{escape(each)}</th>" for each in (grid.name, *grid.columns))
    rows = "".join(
        f"<tr><th>{escape(row)}</th>{''.join(f'<td>{each}</td>' for each in _cells(grid, k))}</tr>"
        for k, row in enumerate(grid.rows)
    )
    return f"<table><tr>{head}</tr>{rows}</table>"


def latex(sheet: Sheet, key: bool) -> str:
    """A document for XeLaTeX or LuaLaTeX; Chinese takes the class ctexart."""
    chinese = language() == "zh" or any(
        ord(c) > 0x2E80 for grid in _grids(sheet) for c in "".join(grid.rows + grid.columns)
    )
    parts = [
        rf"\documentclass[a4paper]{{{'ctexart' if chinese else 'article'}}}",
        r"\usepackage[margin=2.2cm]{geometry}\usepackage{unicode-math}",
        r"\begin{document}",
        rf"\section*{{{_tex(heading(sheet))}}}",
        rf"{_tex(str(_ROUNDING))}\par\medskip",
    ]
    for n, exercise in enumerate(sheet.exercises, 1):
        parts.append(rf"\subsection*{{{n}. {_sort(exercise)}\texttt{{{_tex(exercise.path)}}}}}")
        parts.append(rf"{_task(exercise)} \texttt{{{_tex(exercise.formula)}}}\par\medskip")
        parts += [_tabular(grid) for grid in (*exercise.given, exercise.result)]
    if key:
        parts.append(rf"\newpage\section*{{{_tex(heading(sheet))} · {_KEY}}}")
        parts += list(_tex_key(sheet.exercises))
    return "\n".join([*parts, r"\end{document}", ""])


def _grids(sheet: Sheet) -> Iterator[Grid]:
    for exercise in sheet.exercises:
        yield from (*exercise.given, exercise.result)


def _tex_key(exercises: tuple[Exercise, ...]) -> Iterator[str]:
    for n, exercise in enumerate(exercises, 1):
        yield rf"\subsection*{{{n}. \texttt{{{_tex(exercise.path)}}}}}"
        for answer in exercise.answers:
            yield rf"\noindent\textbf{{{_tex(answer.cell)} = {exercise.asked(answer.value)}}}\\"
            for line in answer.working:
                yield rf"\texttt{{{_tex(line)}}}\\"
            yield r"\par\medskip"


def _tabular(grid: Grid) -> str:
    if grid.single:
        return rf"\texttt{{{_tex(grid.name)}}} = {_tex(next(_cells(grid, 0)))}\par\medskip"
    head = " & ".join([rf"\texttt{{{_tex(grid.name)}}}", *map(_tex, grid.columns)])
    rows = "\n".join(" & ".join([_tex(row), *map(_tex, _cells(grid, k))]) + r" \\" for k, row in enumerate(grid.rows))
    return (
        rf"\begin{{tabular}}{{l|{'r' * len(grid.columns)}}}" + "\n" + head + r" \\ \hline" + "\n" + rows + "\n"
        r"\end{tabular}\par\medskip"
    )


_SPECIAL = {
    **{c: rf"\{c}" for c in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\\": r"\textbackslash{}",
}
_SPECIAL |= {"<": r"\textless{}", ">": r"\textgreater{}"}


def _tex(text: str) -> str:
    return "".join(_SPECIAL.get(c, c) for c in text)


FORMATS = {"markdown": markdown, "html": html, "latex": latex}
"""The formats of worksheets."""
