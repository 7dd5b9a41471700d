"""What is asked in the prompt, and what is done with the answer: commands, searches."""

from __future__ import annotations

from tfstep.engine.naming import short
from tfstep.engine.trace import Trace
from tfstep.errors import TfstepError
from tfstep.faces.tui.state.action import Action
from tfstep.faces.tui.state.screen import Candidate, Question, Screen, look, say
from tfstep.faces.tui.state.screen_state import Refused, ScreenState
from tfstep.text import Bilingual
from tfstep.view.frame.frame import LEAVES

SHOWN = 100  # matches of a search that are offered


def command(state: ScreenState, screen: Screen, text: str = "") -> None:
    """Ask for a command; ``text`` is how it begins."""
    from tfstep.commands.language.completion import complete

    def ways(before: str) -> list[Candidate]:
        return [(each.text, each.replaces, each.about) for each in complete(state.session, before)]

    screen.ask(Question("command", "(tfstep)", text, state.session.history, ways))


def search(state: ScreenState, screen: Screen) -> None:
    """Ask for part of the name of a step."""

    def ways(before: str) -> list[Candidate]:
        trace = state.session.trace
        found = _found(state, before)[:SHOWN]
        return [(path, len(before), trace[path].formula or _kind(trace, path)) for path in found]

    screen.ask(Question("search", "/", state.look.search, complete=ways))


def _kind(trace: Trace, path: str) -> str:
    return str(LEAVES.get(trace[path].node.kind, ""))


def _parameters(state: ScreenState, part: str) -> list[str]:
    """The parameters with this in their name."""
    nodes = [node for node in state.session.trace.plan.nodes if node.kind == "parameter"]
    return [node.path for node in nodes if part and part.lower() in node.path.lower()]


def _found(state: ScreenState, part: str) -> list[str]:
    """What has this in its name: what is called so before the rest, weights before steps."""
    found = [*_parameters(state, part), *_matching(state, part)]
    return sorted(found, key=lambda path: (short(path) != part, part.lower() not in short(path).lower()))


def _sought(state: ScreenState, part: str) -> str | None:
    """What a search goes to; the same search again goes on, weight by weight and then from step to step."""
    if state.look.search != part:
        return next(iter(_found(state, part)), None)
    weights, steps = _parameters(state, part), _matching(state, part)
    at = state.look.focus
    left = weights[weights.index(at) + 1 :] if at in weights else [] if steps else weights
    return next(iter([*left, *steps]), None)


def _matching(state: ScreenState, part: str) -> list[str]:
    """The steps with this in their name, from the present one on, round the end."""
    steps, at = state.session.trace.plan.steps, state.session.position[0]
    ordered = [*steps[at:], *steps[:at]]
    return [node.path for node in ordered if part and part.lower() in node.path.lower()]


def match(state: ScreenState, screen: Screen, by: int) -> None:
    """The next step, or the one before, that the last search fits; without one, with the name of this step."""
    part = state.look.search or short(state.session.current.path).strip("∂")
    plan = state.session.trace.plan
    found = sorted((plan.paths[path].number, path) for path in _matching(state, part))
    here = state.session.position[0]
    ahead = [k for k, (step, _) in enumerate(found) if (step > here if by > 0 else step < here)]
    to = (ahead[0] if by > 0 else ahead[-1]) if ahead else 0 if by > 0 else -1
    if not found or found[to][0] == here:
        none = Bilingual("no other step has {part!r} in its name", "没有别的步骤名字里含 {part!r}", part=part)
        say(state, screen, none)
        return
    screen.perform(f"goto {found[to][1]}")
    told = Bilingual(
        "{part}: {n} of {of}", "{part}：第 {n} 处，共 {of} 处", part=part, n=to % len(found) + 1, of=len(found)
    )
    say(state, screen, told)


def answered(state: ScreenState, screen: Screen, kind: str, text: str) -> None:
    """Do what the prompt was asked for."""
    if kind == "command":
        screen.perform(text)
    elif kind == "edit" and text.strip():
        screen.perform(f"set {state.editing} = {text}", lambda error: _again(state, screen, text, error))
    elif kind == "search" and "[" in text:  # a cell is written out
        screen.perform(f"goto {text.strip()}")
    elif kind == "search":
        found = _sought(state, text.strip())
        if found is not None:
            screen.perform(f"goto {found}")
            look(state, screen, search=text.strip())
        elif text.strip():
            none = Bilingual("nothing has {part!r} in its name", "没有名字里含 {part!r} 的张量", part=text.strip()[:40])
            say(state, screen, none, "bad")


def _again(state: ScreenState, screen: Screen, text: str, error: TfstepError) -> None:
    """Ask for the same once more, with what was typed and why it was refused."""
    state.refused = Refused(text, str(error))
    screen.ask_again(text)


MATCHES = (
    Action(
        "next-match",
        "asterisk",
        Bilingual("next match", "下一个匹配"),
        match,
        (1,),
        about=Bilingual(
            "The next step that the last search fits; without one, the next step with the name of this one.",
            "上次搜索的下一个匹配；没搜索过时，跳到下一个同名的步骤。",
        ),
    ),
    Action(
        "previous-match",
        "number_sign",
        Bilingual("match before", "上一个匹配"),
        match,
        (-1,),
        about=Bilingual("The step before that fits.", "上一个匹配的步骤。"),
    ),
    Action(
        "search",
        "slash",
        Bilingual("search", "搜索"),
        search,
        footer=4,
        about=Bilingual(
            "Search weights and steps by name, or go to a cell (`weights[我,爱]`); Enter on the same text again goes to the "
            "next one.",
            "按名称搜索权重和步骤，或直接跳到单元格（`weights[我,爱]`）；对同一文字再按回车跳到下一个。",
        ),
    ),
    Action(
        "command",
        "colon",
        Bilingual("command", "命令"),
        command,
        footer=1,
        about=Bilingual(
            "The command bar; Tab completes, ↑ brings back earlier lines.", "命令栏；Tab 补全，↑ 调出以前的命令。"
        ),
    ),
)
