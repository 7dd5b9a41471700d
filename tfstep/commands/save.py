"""Saving and the like: files, history, scripts, expectations; recover takes a killed session up again; quit."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from tfstep import work
from tfstep.commands.language.line import require_argument, split
from tfstep.commands.language.registry import command, find
from tfstep.commands.language.script import STDIN, ExpectError, ScriptError, play
from tfstep.commands.language.session import Session
from tfstep.engine.trace import Tensor
from tfstep.errors import CommandError, TfstepError, did_you_mean
from tfstep.files import typed_path, unwritable, write_whole
from tfstep.session.address.names import tensor_of
from tfstep.session.evaluate import evaluate, sides, undecided
from tfstep.session.results import Lines, Message, Quit, Ran, Result
from tfstep.session.speaker import script
from tfstep.session.state import State
from tfstep.text import Bilingual
from tfstep.view.export.size import expect_numbers

_LAST = "overwrite"


def _target(rest: str) -> tuple[Path, bool]:
    """The file at the end of a line, and whether it may be replaced."""
    text, _, last = rest.rpartition(" ")
    replace = last == _LAST and bool(text)
    return typed_path(text.strip() if replace else rest.strip()), replace


@command(
    "keep",
    "save FILE [overwrite]",
    words=True,
    files=True,
    lasts="model",
    completes=("file", f"'{_LAST}'"),
    about=Bilingual(
        "Write a scenario that gives these numbers, pins and what the optimizer remembers included, comments kept; "
        "many changed weights go into an .npz beside it; those of a model on disk keep their own names, in a .safetensors.",
        "写出能得到当前这些数的场景文件（含固定的数和优化器的记忆），保留注释；改动的权重较多时存入旁边的 .npz，"
        "磁盘上的模型则以其原有名称存入 .safetensors。",
    ),
)
def _save(session: Session, rest: str) -> Result:
    from tfstep.scenario.file.writer import read_back, write_scenario

    path, replace = _target(rest)
    if path.suffix not in (".yaml", ".yml"):
        raise CommandError(
            Bilingual("{path}: a scenario's file ends in .yaml", "{path}：场景文件以 .yaml 结尾", path=path)
        )
    session.speaker.check_write(path, replace)
    written = write_scenario(session.scenario, session.trace, path, replace, not session.speaker.limited)
    session.journal.saved = session.journal.now
    texts = [Bilingual("{path} is written", "已写入 {path}", path=path)]
    if written.weights is not None:
        texts.append(Bilingual("the weights are in {path}", "权重在 {path}", path=written.weights))
    if written.left_out:
        texts.append(
            Bilingual(
                "variants that do not fit it are left out: {names}",
                "与之不符的变体没有写入：{names}",
                names=", ".join(written.left_out),
            )
        )
    if lost := read_back(path, session.trace):
        texts.append(
            Bilingual(
                "a scenario cannot hold these, so it does not give them: {paths}",
                "场景文件无法保存以下内容：{paths}",
                paths=", ".join(lost),
            )
        )
    return Message(tuple(texts))


@command(
    "keep",
    "export PATH FILE [overwrite]",
    files=True,
    completes=("path", "file"),
    about=Bilingual(
        "Write a tensor to FILE: .npz, .json, .csv or .txt, with its gradient where it has one.",
        "把张量写入文件：.npz、.json、.csv 或 .txt，有梯度的连同梯度。",
    ),
)
def _export(session: Session, rest: str) -> Result:
    name, _, target = rest.partition(" ")
    tensor = tensor_of(session, name)
    path, replace = _target(require_argument(target.strip(), "export PATH FILE [overwrite]"))
    if path.suffix not in FORMATS:
        raise CommandError(
            Bilingual(
                "{path}: the formats are {known}{near}",
                "{path}：可用的格式有 {known}{near}",
                path=path,
                known=", ".join(FORMATS),
                near=did_you_mean(path.suffix, FORMATS),
            )
        )
    session.speaker.check_write(path, replace)
    if not replace and os.path.lexists(path):
        raise CommandError(
            Bilingual(
                "{path} is there already; add `overwrite` to replace it",
                "{path} 已存在；加上 `overwrite` 则覆盖",
                path=path,
            )
        )
    expect_numbers(path.suffix[1:], tensor.value.size * 2)
    pieces = FORMATS[path.suffix]
    try:
        write_whole(path, lambda file: pieces(session, tensor, file), private=True)
    except (OSError, ValueError) as error:
        raise unwritable(path, error) from None
    return Message((Bilingual("{tensor} is in {path}", "{tensor} 已写入 {path}", tensor=tensor.path, path=path),))


def _npz(session: Session, tensor: Tensor, file: BinaryIO) -> None:
    from tfstep.view.export.npz import archive

    archive(file, [tensor], grad=True)


def _json(session: Session, tensor: Tensor, file: BinaryIO) -> None:
    from tfstep.view.export.json import dump

    scenario = session.scenario
    file.writelines(each.encode() for each in dump(scenario.name, scenario.variant, session.trace, [tensor], True))


def _csv(session: Session, tensor: Tensor, file: BinaryIO) -> None:
    """One row a cell: its indices, its value, its gradient."""
    import csv
    import io

    import numpy as np

    text = io.TextIOWrapper(file, "utf-8", newline="")
    writer = csv.writer(text)
    grad = tensor.grad
    writer.writerow([*(axis or f"axis{k}" for k, axis in enumerate(tensor.axes)), "value", "grad"])
    for index in np.ndindex(*tensor.shape):
        slope = "" if grad is None else repr(float(grad[index]))
        writer.writerow([*index, repr(tensor.value[index].item()), slope])
    text.detach()


def _txt(session: Session, tensor: Tensor, file: BinaryIO) -> None:
    from tfstep.view.export.tables import tables
    from tfstep.view.text.spans import plain

    lines = tables([tensor], tensor.grad is not None)
    file.writelines(f"{plain(line).rstrip()}\n".encode() for line in lines)


FORMATS: dict[str, Callable[[Session, Tensor, BinaryIO], None]] = {
    ".npz": _npz,
    ".json": _json,
    ".csv": _csv,
    ".txt": _txt,
}


DEEPEST = 10  # scripts that run scripts


@command(
    "keep",
    "history [n]",
    about=Bilingual(
        "The last lines that were run (all of them without n): a script of this session.",
        "最近执行过的行（不写 n 则全部）：即本次会话的脚本。",
    ),
)
def _history(session: Session, n: int = 0) -> Result:
    done = session.history[:-1]
    return Lines(tuple(done[-n:]))


@command(
    "keep",
    "source FILE",
    files=True,
    logged=False,
    lasts="model",
    completes=("file",),
    about=Bilingual("Run the lines of a file; the first that fails stops it.", "执行文件中的各行；遇到失败即停。"),
)
def _source(session: Session, path: str) -> Result:
    if session.depth >= DEEPEST:
        raise CommandError(Bilingual("scripts that run scripts, {n} deep", "脚本嵌套了 {n} 层", n=DEEPEST))
    results: list[Result] = []
    session.depth += 1
    try:
        results.extend(play(session, path))
    except ScriptError as error:
        raise ScriptError(error.message, (*results, *error.results)) from error
    finally:
        session.depth -= 1
    return Ran(tuple(results))


@command(
    "keep",
    "expect EXPR",
    lasts="model",
    completes=("expr",),
    about=Bilingual(
        "Nothing if the expression holds; else an error that shows both sides.",
        "表达式成立则无事；否则报错并显示两边的值。",
    ),
)
def _expect(session: Session, text: str) -> Result:
    if bool(evaluate(session, text).all()):
        if (nan := undecided(session, text)) is not None:
            message = Bilingual(
                "not decidable: {text}\n  {nan} is NaN; has_nan(…) asks for that",
                "无法判断：{text}\n  {nan} 是 NaN；要问有没有 NaN，用 has_nan(…)",
                text=text,
                nan=nan,
            )
            raise ExpectError(message)
        return Message((Bilingual("holds: {text}", "成立：{text}", text=text),))
    found = {side: str(value) for side, value in sides(session, text)}  # each side once
    shown = "".join(f"\n  {side} = {value}" for side, value in found.items())
    raise ExpectError(Bilingual("does not hold: {text}{shown}", "不成立：{text}{shown}", text=text, shown=shown))


def nothing_left(state: State) -> Bilingual | None:
    """Why there is nothing to take up, if there is nothing."""
    if not state.leftovers:
        return Bilingual(
            "no session on this scenario was cut off or left unsaved", "这个场景没有中断或未保存就退出的会话"
        )
    if any(journal.changes for journal in state.journals.values()):
        return Bilingual("this session has changes of its own; start a new one", "当前会话已有改动；请另开一个会话")
    return None


@command(
    "keep",
    "recover [N]",
    files=True,
    logged=False,
    lasts="long",
    about=Bilingual(
        "Take up the last session on this scenario that was cut off (killed, or the terminal closed), or that was left "
        "with changes not saved. `recover N` takes the Nth of those that `info sessions` lists.",
        "恢复这个场景上一次中断的会话（被杀死或终端关闭），或未保存就退出的会话。"
        "`recover N` 恢复 `info sessions` 列出的第 N 个。",
    ),
    refused=nothing_left,
)
def _recover(session: Session, rest: str) -> Result:
    number = rest.strip() or "1"
    if not number.isdecimal() or len(number) > 4 or not 1 <= int(number) <= len(session.leftovers):
        raise CommandError(
            Bilingual(
                "{number}: there are {n} sessions to take up; `info sessions` lists them",
                "{number}：可恢复的会话有 {n} 个；`info sessions` 列出它们",
                number=number[:40],
                n=len(session.leftovers),
            )
        )
    left = session.leftovers[int(number) - 1]
    if left.variant != session.variant:
        session.run(f"variant {left.variant}")  # refused where it is gone; the diary then stays where it is
    session.leftovers.remove(left)
    lines, replayed = [line for line in left.lines if _replayed(line)], script(STDIN)
    for line in lines:
        with suppress(TfstepError), session.spoken_by(replayed), work.agreed():  # it was refused then as well
            session.run(line)
    if not left.stays:
        left.path.unlink(missing_ok=True)
    changes = sum(len(journal.changes) for journal in session.journals.values())
    return Message(
        (
            Bilingual(
                "taken up again; lines that were run: {lines}; changes that hold: {changes}",
                "已恢复：共 {lines} 行，现有 {changes} 处改动",
                lines=len(lines),
                changes=changes,
            ),
        )
    )


def _replayed(line: str) -> bool:
    """Whether a line has left anything behind: it moved, stopped, changed, trained or named something."""
    try:
        word, _ = split(line)
        return bool(word) and find(word).replayed
    except CommandError:
        return False


@command(
    "keep",
    "quit",
    aliases=("q", "exit"),
    about=Bilingual("Leave.", "退出。"),
)
def _quit(session: Session) -> Result:
    return Quit()
