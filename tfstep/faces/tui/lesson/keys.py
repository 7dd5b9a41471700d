"""The keys of a lesson, and those of the debugger that go by another name while one is read."""

from __future__ import annotations

from msgspec.structs import replace

from tfstep.faces.tui.keys.key import Key
from tfstep.faces.tui.keys.table import KEYS
from tfstep.text import Bilingual

LESSON = (
    Key(
        "enter,space",
        "Enter",
        Bilingual("go on", "继续"),
        "go_on",
        about=Bilingual("Go on with the lesson, or answer its question.", "继续课程，或回答问题。"),
    ),
    Key(
        "exclamation_mark",
        "!",
        Bilingual("answer", "看答案"),
        "reveal",
        about=Bilingual("Show the answer to the question, with its working.", "显示答案和算法。"),
    ),
    Key(
        "P",
        "P",
        Bilingual("step before", "上一步"),
        "step_back",
        about=Bilingual("Back to the beginning of this step, or to the one before.", "回到课程本步开头，或上一步。"),
    ),
    Key(
        "y",
        "y",
        Bilingual("try", "试一试"),
        "try_next",
        about=Bilingual(
            "Run the next of the lines that the lesson invites you to try.", "执行课程建议尝试的下一行命令。"
        ),
    ),
    Key(
        "escape",
        "Esc",
        Bilingual("back to the lesson", "回到课程"),
        "come_home",
        about=Bilingual(
            "Back to the lesson's own numbers and place; yours are kept (`restore mine`). Stops a training that runs.",
            "回到课程自己的数和位置；你的改动会保留（`restore mine`）。训练进行中则停止训练。",
        ),
    ),
    Key(
        "pagedown",
        "PgDn",
        Bilingual("text", "正文"),
        "turn(1)",
        about=Bilingual("Further down in the text.", "正文向下翻。"),
    ),
    Key(
        "pageup",
        "PgUp",
        Bilingual("text", "正文"),
        "turn(-1)",
        about=Bilingual("Further up in the text.", "正文向上翻。"),
    ),
    *(
        Key(str(n), str(n), Bilingual("answer", "作答"), f"give('{n}')", about=Bilingual("Answer.", "作答。"))
        for n in range(10)
    ),
)
_HELP = Key(
    "question_mark",
    "?",
    Bilingual("hint", "提示"),
    "hint",
    about=Bilingual("A hint while the lesson asks; this help otherwise.", "提问时看提示；其他时候看本帮助。"),
)
_SIGNS = {"less_than_sign": "<", "greater_than_sign": ">", "plus,equals_sign": "="}  # answers to larger or smaller


def _renamed() -> list[Key]:
    """The debugger's keys without those that the lesson takes."""
    kept = []
    taken = {name for key in LESSON for name in key.names.split(",")}
    for key in KEYS:
        if key.names == "enter":
            kept.append(replace(key, names="F", shown="F"))
        elif key.names == "question_mark":
            kept.append(replace(key, names="f1", shown="F1"))
        elif key.action == "intend('language')":
            kept.append(replace(key, action="language"))
        elif key.names in _SIGNS:
            kept.append(replace(key, action=f"sign({_SIGNS[key.names]!r}, {key.action!r})"))
        elif key.action != "intend('tour')" and not taken & set(key.names.split(",")):
            kept.append(key)
    return kept


LESSON_KEYS = (*LESSON, _HELP, *_renamed())
