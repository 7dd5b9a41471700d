"""What is opened over the screen, stopped, or switched on it: palette, labels, tour, help; language, colours."""

from __future__ import annotations

from functools import partial

from tfstep.faces.tui.state.action import Action
from tfstep.faces.tui.state.screen import Screen, look, say
from tfstep.faces.tui.state.screen_state import ScreenState
from tfstep.text import Bilingual, language, set_language
from tfstep.view.frame.view_state import ViewState
from tfstep.view.text.spans import Span, line


def palette(state: ScreenState, screen: Screen) -> None:
    """Everything in one list."""
    from tfstep.faces.tui.actions.command_palette import command_palette  # here and below: not for the first Frame

    command_palette(state, screen)


def jump(state: ScreenState, screen: Screen) -> None:
    """Labels on all that one can go to."""
    from tfstep.faces.tui.actions.jump import begin

    begin(state, screen)


def tour(state: ScreenState, screen: Screen) -> None:
    """The tour, or its next card."""
    from tfstep.faces.tui.actions.tour import go_on

    go_on(state, screen)


def show_help(state: ScreenState, screen: Screen) -> None:
    """What one looks at, all keys and commands."""
    from tfstep.faces.tui.widgets.help import Pages, help_lines

    screen.open(Pages(partial(help_lines, actions=state.actions, state=state)))


def stop(state: ScreenState, screen: Screen) -> None:
    """Stop the command that is running; else end the tour; else leave the view that was opened last."""
    if state.running:
        screen.stop()
    elif state.tour is not None:
        state.tour = None
        screen.redraw()
    elif (back := _left(state.look)) is not None:
        state.status = ()
        look(state, screen, **back)


def _left(view: ViewState) -> dict[str, object] | None:
    """What is looked at without the view that is on top of the others; None where there is none."""
    if view.earlier:
        return {"earlier": False}
    if view.mode != "value":
        return {"mode": "value", "factor": 0}
    if view.heads:
        return {"heads": False, "factor": 0}
    if view.subject is not None:
        return {"subject": None, "focus": None, "factor": 0}
    return None


def interrupt(state: ScreenState, screen: Screen) -> None:
    """Ctrl+C ends nothing here: it stops what runs, else says which key quits."""
    if state.running:
        screen.stop()
        return
    key = next((action.shown for action in state.actions if action.line == "quit" and action.shown), ":quit")
    state.status = (line(Span(key, "accent"), Span(f" {Bilingual('quits', '退出')}", "dim")),)
    screen.redraw()


def other_language(state: ScreenState, screen: Screen) -> None:
    """English or Chinese."""
    set_language("zh" if language() == "en" else "en")
    say(state, screen, Bilingual("language: English", "语言：中文"), "")


def next_theme(state: ScreenState, screen: Screen) -> None:
    """Dark, light, the terminal's own colours, round again."""
    say(state, screen, Bilingual("theme: {name}", "主题：{name}", name=screen.next_theme()), "")


def suspend(state: ScreenState, screen: Screen) -> None:
    """Back to the shell for a while."""
    screen.to_shell()


JUMP = (
    Action(
        "jump",
        "f",
        Bilingual("jump", "跳转"),
        jump,
        footer=4,
        about=Bilingual(
            "Labels appear on steps, matrices, numbers and names: type one to go there.",
            "步骤、矩阵、数和名称上出现字母标签：输入标签即可跳到那里。",
        ),
    ),
    Action(
        "palette",
        "ctrl+p",
        Bilingual("anything", "查找"),
        palette,
        footer=3,
        about=Bilingual(
            "Everything in one list: keys, commands, variants, steps. A few letters find it.",
            "把按键、命令、变体、步骤列在一起，输入几个字母即可找到。",
        ),
    ),
)
SWITCHES = (
    Action(
        "stop",
        "escape",
        Bilingual("stop", "停止"),
        stop,
        about=Bilingual(
            "Stop what is running, what is done is kept; else leave the view that was opened last, one at a time.",
            "停止正在运行的命令，保留已完成的部分；否则离开最后打开的视图，一次一个。",
        ),
    ),
    Action(
        "language",
        "L,ctrl+l",
        Bilingual("language", "语言"),
        other_language,
        about=Bilingual("English or Chinese.", "英文或中文。"),
    ),
    Action(
        "theme",
        "T,ctrl+t",
        Bilingual("theme", "主题"),
        next_theme,
        about=Bilingual("Dark, light, or the colours of the terminal itself.", "深色、浅色，或终端自己的配色。"),
    ),
    Action(
        "tour",
        "f2",
        Bilingual("tour", "导览"),
        tour,
        about=Bilingual(
            "A tour of a minute; again: its next card. `[[stop]]` ends it.",
            "一分钟导览；再按翻到下一张，`[[stop]]` 结束。",
        ),
    ),
    Action(
        "suspend",
        "ctrl+z",
        Bilingual("shell", "挂起"),
        suspend,
        about=Bilingual("Back to the shell for a while; `fg` there returns.", "暂时回到 shell；在那里执行 `fg` 返回。"),
    ),
    Action(
        "help",
        "question_mark",
        Bilingual("help", "帮助"),
        show_help,
        command="help",
        footer=1,
        about=Bilingual("What you look at, all keys, all commands.", "当前所看的内容、全部按键、全部命令。"),
    ),
    Action("quit", "q", Bilingual("quit", "退出"), "quit", footer=1),
)
