"""The keys with which one finds one's way: following numbers, searching, jumping, the command bar, help."""

from __future__ import annotations

from tfstep.faces.tui.keys.key import Key
from tfstep.text import Bilingual

FINDING = (
    Key(
        "full_stop",
        ".",
        Bilingual("mark", "选数"),
        "intend('factor', 1)",
        about=Bilingual(
            "Mark the next number or name of the explanation: the equation, the gradient, where it goes.",
            "选中说明里的下一个数或名称：等式、梯度、去向。",
        ),
    ),
    Key(
        "comma",
        ",",
        Bilingual("mark", "选数"),
        "intend('factor', -1)",
        about=Bilingual("Mark the one before it.", "选中上一个。"),
    ),
    Key(
        "enter",
        "Enter",
        Bilingual("follow", "追踪"),
        "intend('follow')",
        footer=3,
        about=Bilingual("Go to the cell that the marked number came from.", "跳到所选的数所来自的单元格。"),
    ),
    Key(
        "t",
        "t",
        Bilingual("to", "去向"),
        "intend('onward')",
        footer=3,
        about=Bilingual(
            "Go where the number goes: to a cell that reads it; of several steps that read it, choose one.",
            "跟着这个数往后走：跳到读取它的单元格；有几步读取它时选其中一步。",
        ),
    ),
    Key(
        "backspace",
        "⌫",
        Bilingual("return", "返回"),
        "intend('go_back')",
        footer=3,
        about=Bilingual("Return to where you followed from.", "返回追踪之前的位置。"),
    ),
    Key(
        "f",
        "f",
        Bilingual("jump", "跳转"),
        "intend('jump')",
        footer=4,
        about=Bilingual(
            "Labels appear on steps, matrices, numbers and names: type one to go there.",
            "步骤、矩阵、数和名称上出现字母标签：输入标签即可跳到那里。",
        ),
    ),
    Key(
        "ctrl+p",
        "^P",
        Bilingual("anything", "查找"),
        "intend('everything')",
        footer=3,
        about=Bilingual(
            "Everything in one list: keys, commands, variants, steps. A few letters find it.",
            "把按键、命令、变体、步骤列在一起，输入几个字母即可找到。",
        ),
    ),
    Key(
        "asterisk",
        "*",
        Bilingual("next match", "下一个匹配"),
        "intend('match', 1)",
        about=Bilingual(
            "The next step that the last search fits; without one, the next step with the name of this one.",
            "上次搜索的下一个匹配；没搜索过时，跳到下一个同名的步骤。",
        ),
    ),
    Key(
        "number_sign",
        "#",
        Bilingual("match before", "上一个匹配"),
        "intend('match', -1)",
        about=Bilingual("The step before that fits.", "上一个匹配的步骤。"),
    ),
    Key(
        "slash",
        "/",
        Bilingual("search", "搜索"),
        "intend('search')",
        footer=4,
        about=Bilingual(
            "Search the steps by name; Enter on the same text again goes to the next one.",
            "按名称搜索步骤；对同一文字再按回车跳到下一个。",
        ),
    ),
    Key(
        "colon",
        ":",
        Bilingual("command", "命令"),
        "intend('command')",
        footer=1,
        about=Bilingual(
            "The command bar; Tab completes, ↑ brings back earlier lines.", "命令栏；Tab 补全，↑ 调出以前的命令。"
        ),
    ),
    Key(
        "escape",
        "Esc",
        Bilingual("stop", "停止"),
        "stop",
        about=Bilingual(
            "Stop a training that is running; what is done is kept.", "停止正在进行的训练；保留已完成的部分。"
        ),
    ),
    Key(
        "L,ctrl+l",
        "L",
        Bilingual("language", "语言"),
        "intend('language')",
        about=Bilingual("English or Chinese.", "英文或中文。"),
    ),
    Key(
        "T,ctrl+t",
        "T",
        Bilingual("theme", "主题"),
        "intend('theme')",
        about=Bilingual("Dark, light, or the colours of the terminal itself.", "深色、浅色，或终端自己的配色。"),
    ),
    Key(
        "f2",
        "F2",
        Bilingual("tour", "导览"),
        "intend('tour')",
        about=Bilingual(
            "A tour of a minute; again: its next card. Esc ends it.", "一分钟导览；再按翻到下一张，Esc 结束。"
        ),
    ),
    Key(
        "ctrl+z",
        "^Z",
        Bilingual("shell", "挂起"),
        "suspend_process",
        about=Bilingual("Back to the shell for a while; `fg` there returns.", "暂时回到 shell；在那里执行 `fg` 返回。"),
    ),
    Key(
        "question_mark",
        "?",
        Bilingual("help", "帮助"),
        "help",
        footer=1,
        about=Bilingual("What you look at, all keys, all commands.", "当前所看的内容、全部按键、全部命令。"),
    ),
    Key("q", "q", Bilingual("quit", "退出"), "run", "quit", footer=1),
)
