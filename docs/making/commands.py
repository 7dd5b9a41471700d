"""The reference of the debugger's language, made from the registry."""

from __future__ import annotations

from collections.abc import Iterator

from making.markdown import head, table
from tfstep.commands.language.registry import Command, in_groups
from tfstep.expr import ATTRIBUTES, CONSTANTS, functions
from tfstep.faces.tui.actions.table import ACTIONS
from tfstep.faces.tui.state.action import key_of_command
from tfstep.session.results import GROUPS
from tfstep.text import Bilingual

TITLE = Bilingual("The debugger's language", "调试器的命令语言")
INTRO = Bilingual(
    "One language for the screen's command bar, `tfstep repl`, scripts (`-x FILE`, `source FILE`), lessons and tests. "
    "Commands are shortened as in gdb: by the short forms below, or by any unique beginning. An empty line repeats "
    "the last command where that makes sense (marked ↻). `#` begins a comment, at the start of a line or behind a "
    "space. Without a terminal the output is plain, and the same from run to run.",
    "屏幕的命令栏、`tfstep repl`、脚本（`-x FILE`、`source FILE`）、课程和测试共用一种语言。"
    "命令可像 gdb 那样缩写：用下表的简写，或任何唯一的开头。标有 ↻ 的命令，空行即重复执行。"
    "行首或空格之后的 `#` 开始注释。没有终端时输出为纯文本，每次运行都相同。",
)
COLUMNS = (
    Bilingual("command", "命令"),
    Bilingual("short", "简写"),
    Bilingual("key", "按键"),
    Bilingual("what it does", "作用"),
)
WORDS = (
    (
        "PATH",
        Bilingual(
            "a tensor: `enc0.attn.scores`, its gradient `enc0.attn.scores.grad`, a parameter after the update "
            "`enc0.attn.W_Q.new`, a step inside a step `enc0.attn.weights/exp`. Where we are, the scopes around may be "
            "left out: inside `enc0.attn`, `scores` will do; so will any name that only one tensor ends with, and the "
            "names of PyTorch, GPT-2 and TransformerLens (`names PATH` lists them).",
            "一个张量：`enc0.attn.scores`，其梯度 `enc0.attn.scores.grad`，参数更新后的值 `enc0.attn.W_Q.new`，"
            "步骤内部的步骤 `enc0.attn.weights/exp`。当前所在的作用域可以省略：在 `enc0.attn` 里写 `scores` 即可；"
            "只有一个张量以之结尾的名字也可以，PyTorch、GPT-2、TransformerLens 的名字同样可以（`names PATH` 列出）。",
        ),
    ),
    (
        "CELL",
        Bilingual(
            "one number of a tensor: `enc0.attn.weights[0,0,1,2]`, or by words, `enc0.attn.weights[0,0,'爱','你']`; "
            "a word's second occurrence is `'他#2'`. A bare path means the cell under the cursor.",
            "张量中的一个数：`enc0.attn.weights[0,0,1,2]`，或用词：`enc0.attn.weights[0,0,'爱','你']`；"
            "同一个词第二次出现写作 `'他#2'`。只写路径则指光标处的单元格。",
        ),
    ),
    (
        "PLACE",
        Bilingual(
            "where to go: a PATH or CELL (a parameter: the step that first reads it), a step number (`14`, inside it "
            "`14.2`), `start`, `loss`, `end`.",
            "要去的地方：PATH 或 CELL（参数则为首次读取它的一步）、步号（`14`，其内部 `14.2`）、"
            "`start`、`loss`、`end`。",
        ),
    ),
    (
        "PATTERN",
        Bilingual(
            "which steps: a path in which `*` stands for any characters, dots included (`.grad`, `.new` and what "
            "stands behind `/` must be spelled), a step number, a phase (`forward`, `backward`, `update`), `op NAME`.",
            "哪些步骤：路径，其中 `*` 代表任意字符，包括点（`.grad`、`.new` 和 `/` 之后的部分须写明）；"
            "步号；阶段（`forward`、`backward`、`update`）；或 `op 名称`。",
        ),
    ),
    (
        "EXPR",
        Bilingual(
            "arithmetic over tensors: `+ - * / @ **`, comparisons, `and or not`, slices, lists of numbers, the "
            "functions below, `{attributes}` of any value, the constants `{constants}`. `it` is the tensor of the "
            "step we are at, `$_` the last value printed, `$1` the first, `$x` one named by `set $x = EXPR`. An inner "
            "path, or a tensor of another variant, stands in backquotes: `` `enc0.attn.weights/exp` ``, "
            "`` `swapped:loss` ``. A cell is written as it is shown, `weights[我,爱]`, `W_Q[i0,o0]`; where a tensor has the "
            "word's name, or the word a sign in it, it stands in quotes: `weights['x','爱']`.",
            "张量上的算术：`+ - * / @ **`、比较、`and or not`、切片、数的列表、下列函数、任何值的 `{attributes}`、"
            "常量 `{constants}`。`it` 是当前步的张量，`$_` 是最近打印的值，`$1` 是第一个，"
            "`$x` 由 `set $x = EXPR` 命名。"
            "内部路径或其他变体的张量写在反引号里：`` `enc0.attn.weights/exp` ``、`` `swapped:loss` ``。"
            "单元格怎样显示就怎样写：`weights[我,爱]`、`W_Q[i0,o0]`；词与某个张量同名，或含有符号时，加引号：`weights['x','爱']`。",
            attributes=" ".join(f".{name}" for name in ATTRIBUTES),
            constants=" ".join(CONSTANTS),
        ),
    ),
)


def page(language: str) -> Iterator[str]:
    """The lines of the page."""
    yield from head(TITLE, language)
    yield INTRO.in_(language)
    columns = [column.in_(language) for column in COLUMNS]
    for group, commands in in_groups():
        yield f"\n## {GROUPS[group].in_(language)}\n"
        yield from table(columns, [_cells(command, language) for command in commands])
    yield f"\n## {Bilingual('Words', '用语').in_(language)}\n"
    for word, about in WORDS:
        yield f"- **{word}** — {about.in_(language)}"
    yield f"\n## {Bilingual('Functions', '函数').in_(language)}\n"
    columns = [Bilingual("function", "函数").in_(language), Bilingual("what it gives", "结果").in_(language)]
    yield from table(columns, [[f"`{each.signature}`", each.help.in_(language)] for each in functions().values()])


def _cells(command: Command, language: str) -> tuple[str, ...]:
    short = " ".join(f"`{alias}`" for alias in command.aliases) + (" ↻" if command.repeats else "")
    found = key_of_command(ACTIONS, command.name)
    key = f"`{found}`" if found else ""
    return f"`{command.usage}`", short.strip(), key, command.about.in_(language)
