"""Going through a lesson by keys: on, back, hints, answers, lines to try, home."""

from __future__ import annotations

from collections.abc import Callable

from tfstep.faces.tui.actions import opening
from tfstep.faces.tui.lesson import answering
from tfstep.faces.tui.lesson.state import LessonScreen, LessonState
from tfstep.faces.tui.state.action import Action, spelled
from tfstep.faces.tui.state.screen import say
from tfstep.lessons.format.catalog import load_lesson
from tfstep.text import Bilingual, language


def go_on(state: LessonState, screen: LessonScreen) -> None:
    """Further in the text; at its end on, or an answer."""
    if screen.turn(1):
        return
    if state.page.asked is not None:
        answering.begin(state, screen)
    elif state.player.done:
        screen.next_lesson()
    else:
        screen.take(state.player.advance)


def turn(state: LessonState, screen: LessonScreen, pages: int) -> None:
    """Scroll the text."""
    screen.turn(pages)


def sign(
    state: LessonState, screen: LessonScreen, sign: str, does: Callable[..., None], given: tuple[object, ...]
) -> None:
    """One of > < =: an answer where two numbers are compared, else what the debugger does with it."""
    if state.page.asked is not None and state.page.asked.kind == "order":
        answering.give(state, screen, sign)
    else:
        does(state, screen, *given)


def hint(state: LessonState, screen: LessonScreen) -> None:
    """The next hint; the help where nothing is asked."""
    if state.page.asked is None:
        opening.show_help(state, screen)
        return
    found = state.player.hint()
    if found is None:
        text = Bilingual(
            "no other hint; `[[reveal]]` shows the answer, [[help]] all keys",
            "没有更多提示；[[reveal]] 看答案，[[help]] 看所有按键",
        )
        if state.page.asked.file:
            text = Bilingual(
                "no other hint; `[[reveal]]` leaves it for later, [[help]] all keys",
                "没有更多提示；[[reveal]] 以后再做，[[help]] 看所有按键",
            )
        say(state, screen, spelled(str(text), state.actions))
    else:
        screen.shown([(found, state.session.trace)])


def reveal(state: LessonState, screen: LessonScreen) -> None:
    """The answer, with its working."""
    if state.page.asked is not None:
        screen.take(state.player.reveal)


def step_back(state: LessonState, screen: LessonScreen) -> None:
    """To the beginning of this step, or to the one before."""
    screen.take(state.player.back)


def _nothing_to_try(state: LessonState) -> Bilingual | None:
    return None if state.page.tries else Bilingual("nothing to try here", "这里没有要试的命令")


def try_next(state: LessonState, screen: LessonScreen) -> None:
    """The next line that one is invited to try."""
    page = state.page
    command = page.tries[page.tried % len(page.tries)]
    page.tried = page.tried % len(page.tries) + 1
    screen.perform(command)


def come_home(state: LessonState, screen: LessonScreen) -> None:
    """Back to the lesson's numbers and place; stops what is running."""
    if state.running:
        screen.stop()
    else:
        screen.shown([(event, state.session.trace) for event in state.player.home()])


def other_language(state: LessonState, screen: LessonScreen) -> None:
    """The other language, from the beginning of the step."""
    opening.other_language(state, screen)
    player = state.player
    lesson = load_lesson(str(player.lesson.path), language())
    if len(lesson.steps) == len(player.lesson.steps):
        player.lesson = lesson
        screen.take(lambda: player.go(state.page.number - 1))


LESSON = (
    Action(
        "go-on",
        "enter,space",
        Bilingual("go on", "继续"),
        go_on,
        about=Bilingual("Go on with the lesson, or answer its question.", "继续课程，或回答问题。"),
    ),
    Action(
        "reveal",
        "exclamation_mark",
        Bilingual("answer", "看答案"),
        reveal,
        about=Bilingual("Show the answer to the question, with its working.", "显示答案和算法。"),
    ),
    Action(
        "step-back",
        "P",
        Bilingual("step before", "上一步"),
        step_back,
        about=Bilingual("Back to the beginning of this step, or to the one before.", "回到课程本步开头，或上一步。"),
    ),
    Action(
        "try-next",
        "y",
        Bilingual("try", "试一试"),
        try_next,
        why_not=_nothing_to_try,
        about=Bilingual(
            "Run the next of the lines that the lesson invites you to try.", "执行课程建议尝试的下一行命令。"
        ),
    ),
    Action(
        "come-home",
        "escape",
        Bilingual("back to the lesson", "回到课程"),
        come_home,
        about=Bilingual(
            "Back to the lesson's own numbers and place; yours are kept (`restore mine`). Stops a training that runs.",
            "回到课程自己的数和位置；你的改动会保留（`restore mine`）。训练中途按下则停下训练。",
        ),
    ),
    Action(
        "text-down",
        "pagedown",
        Bilingual("text", "正文"),
        turn,
        (1,),
        about=Bilingual("Further down in the text.", "正文向下翻。"),
    ),
    Action(
        "text-up",
        "pageup",
        Bilingual("text", "正文"),
        turn,
        (-1,),
        about=Bilingual("Further up in the text.", "正文向上翻。"),
    ),
    *(
        Action(
            f"answer-{n}",
            str(n),
            Bilingual("answer", "作答"),
            answering.key,
            (str(n),),
            about=Bilingual("Answer.", "作答。"),
        )
        for n in range(10)
    ),
    Action(
        "hint",
        "question_mark",
        Bilingual("hint", "提示"),
        hint,
        about=Bilingual("A hint while the lesson asks; this help otherwise.", "提问时看提示；其他时候看本帮助。"),
    ),
)
