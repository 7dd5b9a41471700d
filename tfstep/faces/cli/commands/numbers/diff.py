"""``tfstep diff``: two runs beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tfstep.errors import CommandError
from tfstep.faces.cli.command import Argument, Choice, NotNegative, Option
from tfstep.faces.cli.opening import keeping, load, reading
from tfstep.faces.cli.options import as_json, command, scenario, scenarios, variant
from tfstep.faces.cli.output import Output
from tfstep.faces.cli.settings import Settings
from tfstep.text import Bilingual

if TYPE_CHECKING:
    import numpy as np

    from tfstep.compare.recorded.recording import Recording
    from tfstep.engine.trace import Trace
    from tfstep.scenario.scenario import Scenario


@click.pass_obj
def _run(
    settings: Settings,
    scenario: str,
    other: str | None,
    variant: Sequence[str],
    align: str,
    tol: float | None,
    as_json: bool,
) -> int:
    from tfstep import trace
    from tfstep.compare.recorded.reading import is_recording
    from tfstep.session.study.compare import Align, compare
    from tfstep.view.report.comparison import comparison, comparison_json

    out = Output(settings)
    if other is not None and is_recording(Path(other)):
        return _recorded(settings, scenario, Path(other), variant, tol, as_json)
    one, two = _pair(settings, scenario, other, variant)
    found = compare(trace(one), trace(two), Align(align), tol)
    if as_json:
        out.text([comparison_json(found)])
    else:
        out.lines(comparison(found, (_name(one, two), _name(two, one))))
    return 0 if found.equal else 1


def _recorded(
    settings: Settings, scenario: str, other: Path, variants: Sequence[str], tol: float | None, as_json: bool
) -> int:
    """The scenario against arrays in a file or a folder: by path where most names are paths, else by their numbers.

    Raises TfstepError where none is a tensor of the scenario.
    """
    from tfstep import trace
    from tfstep.compare.recorded.reading import read
    from tfstep.session.study.compare import compare_arrays
    from tfstep.view.report.comparison import comparison, comparison_json, matched

    out, one, kept = Output(settings), load(settings, scenario, [*variants, None][0]), read(other)
    here, arrays, said = trace(one), kept.arrays, dict[str, tuple[str, str]]()
    if 2 * sum(name in here.plan.paths for name in arrays) < len(arrays):
        arrays, said = _by_content(here, kept)
    found = compare_arrays(here, arrays, tol)
    if not found.steps:
        raise CommandError(
            Bilingual(
                "no array of {file} was found to be a step of {name}; `tfstep diagnose {name} {file}` says more",
                "{file} 里没有数组能对应 {name} 的某一步；`tfstep diagnose {name} {file}` 会说得更详细",
                file=other,
                name=scenario,
            )
        )
    if as_json:
        out.text([comparison_json(found, said)])
    else:
        out.lines([*matched(said), *comparison(found, (one.name, other.name))])
    return 0 if found.equal else 1


def _by_content(here: Trace, kept: Recording) -> tuple[dict[str, np.ndarray], dict[str, tuple[str, str]]]:
    """Arrays of any names under the paths of what they are by their numbers, laid out as ours; their names, and how they lie.


    What is none of our tensors stays under its own name. Raises RecordingError where nothing is.
    """
    from tfstep.compare.diagnose import diagnose

    verdict = diagnose(here, kept)
    pairs = [(match.name, match.path, match.relation) for match in verdict.matched]
    there = {name for name, *_ in pairs}
    pairs += [(fault.name, fault.path, "same") for fault in verdict.faults if fault.name and fault.name not in there]
    arrays: dict[str, np.ndarray] = {}
    said: dict[str, tuple[str, str]] = {}
    for name, path, relation in pairs:
        both = verdict.beside.at(path) if verdict.beside is not None else None
        if path in here.plan.paths and path not in arrays and both is not None:
            kind = kept[name].dtype
            theirs = both.theirs.astype(kind if kind.kind == "f" else both.theirs.dtype)
            arrays[path], said[path] = theirs, (name, relation)
    named = {name for name, *_ in pairs}
    return {**arrays, **{name: array for name, array in kept.arrays.items() if name not in named}}, said


def _pair(settings: Settings, scenario: str, other: str | None, variants: Sequence[str]) -> tuple[Scenario, Scenario]:
    """The two scenarios that are meant. Raises CommandError where they are not two."""
    if len(variants) > 2:
        raise CommandError(
            Bilingual("two runs are compared: at most two --variant", "一次比较两个：最多两个 --variant")
        )
    if other is not None:
        first, second = [*variants, None, None][:2]
        return load(settings, scenario, first), load(settings, other, second)
    if not variants:
        raise CommandError(
            Bilingual(
                "compare {name} with what? name another scenario, or a --variant",
                "把 {name} 和什么比较？请给出另一个场景，或一个 --variant",
                name=scenario,
            )
        )
    if len(variants) == 1:
        return load(settings, scenario, None), load(settings, scenario, variants[0])
    return load(settings, scenario, variants[0]), load(settings, scenario, variants[1])


def _name(scenario: Scenario, other: Scenario) -> str:
    return scenario.variant if scenario.name == other.name else f"{scenario.name} {scenario.variant}"


COMMAND = command(
    "diff",
    Bilingual(
        "Compare two runs: two variants, or two scenarios. Says which step differs first, and how much each does.\n\n"
        "The exit status is 1 if any step differs. With OTHER the first --variant is SCENARIO's, the second OTHER's.",
        "比较两次运行：两个变体，或两个场景。指出最先不同的步骤，以及每一步相差多少。\n\n"
        "有步骤不同时退出码为 1。给出 OTHER 时，第一个 --variant 属于 SCENARIO，第二个属于 OTHER。",
    ),
    [
        scenario(),
        *reading(),
        keeping(),
        Argument(
            ["other"],
            Bilingual(
                "another scenario, or a recording: a `.npz` of dump, or arrays of any names, which are found by their numbers, "
                "as `.npz`, `.safetensors` or a folder of `.npy`",
                "另一个场景，或一次记录：dump 写出的 `.npz`，或任意名字的数组（按数值对应），可以是 `.npz`、`.safetensors` 或"
                "装有 `.npy` 的文件夹",
            ),
            required=False,
            type=click.STRING,
            shell_complete=scenarios,
        ),
        variant(
            Bilingual(
                "a variant, given once or twice; one alone is compared with base",
                "变体，可写一到两个；只写一个时与 base 比较",
            ),
            default=(),
            multiple=True,
        ),
        Option(
            ["--align"],
            Bilingual(
                "pair the words of both by position (default) or by token, repeated ones in order",
                "两边的词按位置（position，默认）或按词元（token，重复的依次）对应",
            ),
            default="position",
            type=Choice("position", "token"),
            metavar="position|token",
        ),
        Option(
            ["--tol"],
            Bilingual(
                "how much of a tensor's largest number may differ; default: 1e-9, in float32 1e-5, in half precision half a "
                "unit of the last place; 0: not a bit",
                "允许相差张量最大值的多少；默认 1e-9（float32 为 1e-5，半精度为末位的半个单位）；0 表示一位都不能差",
            ),
            type=NotNegative(),
            metavar="T",
        ),
        as_json(),
    ],
    _run,
)
