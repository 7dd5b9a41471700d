"""The keys of the screen and of a lesson, from the keys themselves."""

from __future__ import annotations

from collections.abc import Iterator

from making.markdown import code, head, table
from tfstep.faces.tui.actions.table import ACTIONS
from tfstep.faces.tui.lesson.keys import LESSON_ACTIONS
from tfstep.faces.tui.state.action import every_key
from tfstep.faces.tui.style.legend import COLOURS, SIGNS
from tfstep.text import Bilingual

TITLE = Bilingual("Keys", "按键")
INTRO = Bilingual(
    "Every key runs a command, or changes how you look at a step. `?` shows the same on the screen, with what "
    "can be done where "
    "you are. Keys of your own stand in `keys.toml`, in the folder of the configuration (`?` says where), a line each: "
    'what another key does, `x = "n"`; a command, `"ctrl+g" = "goto loss"`; or nothing, `q = ""`.',
    "每个按键要么运行一条命令，要么改变看这一步的方式。屏幕上按 `?` 能看到同样的内容，还有此处可以做什么。"
    "自定义按键写在配置目录的 `keys.toml` 里"
    '（位置见 `?`），每行一个：另一个键的作用，`x = "n"`；一条命令，`"ctrl+g" = "goto loss"`；或者留空取消，`q = ""`。',
)


def page(language: str) -> Iterator[str]:
    """The lines of the page."""
    yield from head(TITLE, language)
    yield INTRO.in_(language)
    for title, actions in (
        (Bilingual("On the screen", "屏幕上"), ACTIONS),
        (Bilingual("In a lesson", "课程中"), LESSON_ACTIONS),
    ):
        yield f"\n## {title.in_(language)}\n"
        columns = [Bilingual("key", "按键").in_(language), Bilingual("what it does", "作用").in_(language)]
        rows = every_key(actions, language)
        yield from table(columns, [(" ".join(map(code, shown)), about) for shown, about in rows])
    yield f"\n## {Bilingual('Colours and signs', '颜色与符号').in_(language)}\n"
    one = Bilingual(
        "One colour, one meaning, and each is said by a sign as well: the screen reads the same without colour. The curves "
        "of a plot are the exception: there colours tell them apart, and each has its name beside it.",
        "一种颜色一个含义，且都另有符号表示：没有颜色也能读懂屏幕。只有曲线图例外：那里颜色只用来区分曲线，每条曲线旁都有名称。",
    )
    yield f"{one.in_(language)}\n"
    headings = (Bilingual("colour", "颜色"), Bilingual("signs", "符号"), Bilingual("what it means", "含义"))
    columns = [each.in_(language) for each in headings]
    rows = [
        (
            each.colour.in_(language) if each.colour else "",
            code(each.signs) if each.signs else "",
            each.means.in_(language),
        )
        for each in (*COLOURS, *SIGNS)
    ]
    yield from table(columns, rows)
