"""The two bars of a lesson's pane: where one is, and which keys do what."""

from __future__ import annotations

from tfstep.faces.tui.lesson.page import Page, how
from tfstep.faces.tui.lesson.room import Room
from tfstep.faces.tui.lesson.state import LessonState
from tfstep.faces.tui.state.action import spelled
from tfstep.lessons.player.player import Player
from tfstep.text import Bilingual
from tfstep.view.text.spans import Line, Span, ends, flow, line

Pair = tuple[str, Bilingual]


def title(player: Player, page: Page, room: Room) -> list[Line]:
    """The step's title with its number, and how far one is: on a line of its own where there is room."""
    cells = room.width - 2
    number = Bilingual("step {n}/{of}", "第 {n}/{of} 步", n=page.number, of=page.of)
    head, where = line(Span(page.title, "strong")), line(Span(str(number), "key"))
    read = page.of if player.done else max(0, page.number - 1)
    if room.beside:
        return [ends(head, where, cells), _bar(read, page.of, cells)]
    return [ends(head, (*_bar(read, page.of, 2 * page.of), Span("  "), *where), cells)]


def _bar(done: int, of: int, cells: int) -> Line:
    full = cells * done // of
    return line(Span("━" * full, "good"), Span("─" * (cells - full), "dim"))


def keys(state: LessonState, typing: bool, at_end: bool, cells: int) -> list[Line]:
    """What the keys do here, in as many lines as it takes: while an answer is typed, or the end of the text is seen."""
    parts = []
    for shown, text in _pairs(state, typing, at_end):
        parts.append(line(Span(spelled(shown, state.actions), "accent"), Span(f" {text}  ", "")))
    return flow(parts, cells) or [()]


def _pairs(state: LessonState, typing: bool, at_end: bool) -> list[Pair]:
    page, player = state.page, state.player
    enter = str(Bilingual("Enter", "回车"))
    if typing:
        return [(enter, Bilingual("answer", "作答")), ("Esc", Bilingual("later", "稍后再答"))]
    go_on = "[[go-on]]" if spelled("[[go-on]]", state.actions) != "Enter" else enter
    pairs: list[Pair] = []
    if not at_end:
        pairs.append((go_on, Bilingual("more ↓", "下文 ↓")))
    elif page.asked is not None:
        does = {
            "number": Bilingual("answer", "作答"),
            "word": Bilingual("answer", "作答"),
            "cell": Bilingual("this cell", "就选这格"),
            "key": Bilingual("type it", "键入"),
            "recording": Bilingual("have it read", "读取"),
        }
        pairs.append((go_on, does[how(page.asked)]))
    elif player.done:
        pairs.append((go_on, Bilingual("next lesson", "下一课")))
    elif player.over:
        pairs.append((go_on, Bilingual("next step", "下一步")))
    else:
        pairs.append((go_on, Bilingual("go on", "继续")))
    if page.asked is not None:
        away = Bilingual("later", "以后再做") if page.asked.file else Bilingual("reveal", "看答案")
        pairs += [("[[hint]]", Bilingual("hint", "提示")), ("[[reveal]]", away)]
    if page.tries:
        pairs.append(("[[try-next]]", Bilingual("try the next line", "试下一行")))
    if page.number > 1 or len(page.entries) > 1:
        pairs.append(("[[step-back]]", Bilingual("back", "上一步")))
    if player.strayed:
        pairs.append(("[[come-home]]", Bilingual("the lesson's numbers", "恢复课程的数")))
    return pairs
