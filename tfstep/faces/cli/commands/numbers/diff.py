"""``tfstep diff``: two runs beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from tfstep.errors import CommandError
from tfstep.faces.cli.command import Argument, Choice, NotNegative, Option
from tfstep.faces.cli.opening import load, reading
from tfstep.faces.cli.options import as_json, command, scenario, variant
from tfstep.faces.cli.output import Output
from tfstep.faces.cli.settings import Settings
from tfstep.text import Bilingual

if TYPE_CHECKING:
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
    from tfstep.session.study.compare import TOLERANCE, Align, compare
    from tfstep.view.report.comparison import comparison, comparison_json

    one, two = _pair(settings, scenario, other, variant)
    found = compare(trace(one), trace(two), Align(align), TOLERANCE if tol is None else tol)
    out = Output(settings)
    if as_json:
        out.text([comparison_json(found)])
    else:
        out.lines(comparison(found, (_name(one, two), _name(two, one))))
    return 0 if found.equal else 1


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
        Argument(["other"], Bilingual("another scenario", "另一个场景"), required=False, type=click.STRING),
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
                "how much of a tensor's largest number may differ; default: 1e-9; 0: not a bit",
                "允许相差张量最大值的多少；默认 1e-9；0 表示一位都不能差",
            ),
            type=NotNegative(),
            metavar="T",
        ),
        as_json(),
    ],
    _run,
)
