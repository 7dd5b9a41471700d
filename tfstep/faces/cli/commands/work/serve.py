"""``tfstep serve``: the screen in the browsers of visitors."""

from __future__ import annotations

import sys

import click
from click.core import ParameterSource

from tfstep.errors import CommandError, refusal
from tfstep.faces.cli.command import Argument, Option, Whole
from tfstep.faces.cli.opening import load, reading
from tfstep.faces.cli.options import command, scenarios, variant
from tfstep.faces.cli.output import say
from tfstep.faces.cli.settings import Settings
from tfstep.text import Bilingual, language

IDLE, WHOLE = 15 * 60.0, 4 * 3600.0  # seconds without a key, and in all, after which a session of a class ends


@click.pass_obj
def _run(
    settings: Settings,
    scenario: str | None,
    variant: str | None,
    as_lesson: bool,
    port: int,
    host: str,
    confined: bool,
    most: int,
) -> int:
    try:
        from aiohttp import web

        from tfstep.faces.web.serve.server import Server, is_loopback
        from tfstep.faces.web.serve.sessions import Rules
    except ModuleNotFoundError:
        raise CommandError(
            Bilingual(
                "serving needs textual-serve: `pip install 'tfstep[web]'`",
                "服务模式需要 textual-serve：`pip install 'tfstep[web]'`",
            )
        ) from None
    from tfstep.scenario.opening.reading import Reading

    lesson = scenario if scenario is not None and (as_lesson or _only_a_lesson(scenario)) else None
    scenario = scenario if lesson is None else None
    _refuse(settings, scenario, lesson, variant, as_lesson)
    endless = float("inf")
    rules = Rules(most, IDLE if confined else endless, WHOLE if confined else endless)
    if not confined and not is_loopback(host):
        say(
            Bilingual(
                "whoever reaches {host} can read and write your files through `source` and `save`; --class forbids it",
                "能访问 {host} 的人都可以用 `source`、`save` 读写你的文件；加 --class 可禁止",
                host=host,
            )
        )
    served = Server(
        scenario,
        variant or "base",
        rules,
        confined,
        Reading(**settings.reading),
        lesson,
        _asked(),
        not confined and is_loopback(host),
    )
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    say(
        Bilingual("serving on http://{place}/ (Ctrl+C ends it)", "服务地址 http://{place}/（Ctrl+C 结束）", place=place)
    )
    try:
        web.run_app(served.app(), host=host, port=port, print=None, access_log=None, shutdown_timeout=5)
    except OSError as error:
        raise CommandError(
            Bilingual(
                "{host}:{port} cannot be served: {why}",
                "无法在 {host}:{port} 上提供服务：{why}",
                host=host,
                port=port,
                why=refusal(error),
            )
        ) from None
    sys.stderr.flush()
    return 0


def _asked() -> str | None:
    """The language that the command line asks for, if it does."""
    context: click.Context | None = click.get_current_context()
    while context is not None:
        if context.get_parameter_source("lang") is ParameterSource.COMMANDLINE:
            return language()
        context = context.parent
    return None


def _only_a_lesson(name: str) -> bool:
    from tfstep.lessons.format import catalog as lessons
    from tfstep.scenario.file import catalog as scenarios

    return lessons.is_lesson(name) or (name in lessons.shipped() and name not in scenarios.shipped())


def _refuse(settings: Settings, scenario: str | None, lesson: str | None, variant: str | None, as_lesson: bool) -> None:
    """Tell a mistake here, and not to the first visitor. Raises TfstepError."""
    from tfstep.lessons.format.catalog import load_lesson, scenario_of

    if scenario is None and (variant is not None or settings.reading):
        raise CommandError(
            Bilingual(
                "a variant, and what is read, belong to a scenario; name it", "变体和读入的内容属于某个场景；请写出场景"
            )
        )
    if as_lesson and lesson is None:
        raise CommandError(Bilingual("--lesson needs the name of a lesson", "--lesson 需要写出课程名"))
    if scenario is not None:
        load(settings, scenario, variant)
    if lesson is not None:
        scenario_of(load_lesson(lesson))


PORT = Bilingual("the port; default: 8000", "端口；默认 8000")
HOST = Bilingual("the address to listen on; default: 127.0.0.1", "监听的地址；默认 127.0.0.1")
LESSON = Bilingual("the name is a lesson's, where a scenario has it too", "按课程名打开（场景同名时用）")
CLASS = Bilingual("for a class: no files, bounded sessions", "课堂模式：不读写文件，会话有上限")
MOST = Bilingual("so many sessions at once, at most; default: 40", "同时最多多少个会话；默认 40")

COMMAND = command(
    "serve",
    Bilingual(
        "Show the screen in a browser: every visitor has a session of his own. Without a SCENARIO the page lists the "
        "lessons and scenarios that ship; a LESSON is followed by those after it. "
        "Only this machine can reach it unless --host says otherwise.\n\n"
        "With --class no session reads or writes a file, memory and time of each are bounded, and one that is idle "
        "for 15 minutes ends.",
        "在浏览器里显示屏幕界面，每位访问者各有自己的会话。不写 SCENARIO 则列出自带的课程和场景；LESSON 之后可接着学后面的课。"
        "除非用 --host 指定，只有本机可以访问。\n\n"
        "加 --class 后，会话不读写任何文件，各自的内存和时间有上限，15 分钟无操作即结束。",
    ),
    [
        Argument(
            ["scenario"],
            Bilingual(
                "a scenario or a lesson: a file, or the name of one that ships; or a model on disk",
                "场景或课程：文件，或自带的名字；也可以是磁盘上的模型",
            ),
            required=False,
            type=click.STRING,
            shell_complete=scenarios,
            metavar="[SCENARIO|LESSON]",
        ),
        *reading(),
        variant(),
        Option(["--lesson", "as_lesson"], LESSON, default=False, is_flag=True),
        Option(["--port"], PORT, default=8000, type=Whole(1, 65535), metavar="N"),
        Option(["--host"], HOST, default="127.0.0.1", type=click.STRING, metavar="HOST"),
        Option(["--class", "confined"], CLASS, default=False, is_flag=True),
        Option(["--visitors", "most"], MOST, default=40, type=Whole(1, 1000), metavar="N"),
    ],
    _run,
)
