"""Files: save a scenario, export a tensor."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tfstep.commands.language.line import needed
from tfstep.commands.language.registry import command
from tfstep.engine.trace import Tensor
from tfstep.errors import CommandError, did_you_mean
from tfstep.files import typed_path, unwritable, write_whole
from tfstep.session.address.names import tensor_of
from tfstep.session.results import Message, Result
from tfstep.text import Bilingual

if TYPE_CHECKING:
    from tfstep.commands.language.session import Session

_LAST = "overwrite"


def _target(rest: str, usage: str) -> tuple[Path, bool]:
    """The file at the end of a line, and whether it may be replaced."""
    text, _, last = needed(rest, usage).rpartition(" ")
    replace = last == _LAST and bool(text)
    return typed_path(text.strip() if replace else rest.strip()), replace


@command(
    "keep",
    "save FILE [overwrite]",
    completes=("file", f"'{_LAST}'"),
    files=True,
    about=Bilingual(
        "Write a scenario that gives these numbers, pins and what the optimizer remembers included, comments kept; "
        "many changed weights go into an .npz beside it.",
        "写出能得到当前这些数的场景文件（含固定的数和优化器的记忆），保留注释；改动的权重较多时存入旁边的 .npz。",
    ),
)
def _save(session: Session, rest: str) -> Result:
    from tfstep.scenario.file.writer import read_back, write_scenario

    path, replace = _target(rest, "save FILE [overwrite]")
    if path.suffix not in (".yaml", ".yml"):
        raise CommandError(
            Bilingual("{path}: a scenario's file ends in .yaml", "{path}：场景文件以 .yaml 结尾", path=path)
        )
    written = write_scenario(session.scenario, session.trace, path, replace)
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
    completes=("path", "file"),
    files=True,
    about=Bilingual(
        "Write a tensor to FILE: .npz, .json, .csv or .txt, with its gradient where it has one.",
        "把张量写入文件：.npz、.json、.csv 或 .txt，有梯度的连同梯度。",
    ),
)
def _export(session: Session, rest: str) -> Result:
    usage = "export PATH FILE [overwrite]"
    name, _, target = needed(rest, usage).partition(" ")
    tensor = tensor_of(session, name)
    path, replace = _target(target.strip(), usage)
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
    if not replace and os.path.lexists(path):
        raise CommandError(
            Bilingual(
                "{path} is there already; add `overwrite` to replace it",
                "{path} 已存在；加上 `overwrite` 则覆盖",
                path=path,
            )
        )
    data = FORMATS[path.suffix](session, tensor)
    try:
        write_whole(path, lambda file: file.write(data))
    except (OSError, ValueError) as error:
        raise unwritable(path, error) from None
    return Message((Bilingual("{tensor} is in {path}", "{tensor} 已写入 {path}", tensor=tensor.path, path=path),))


def _npz(session: Session, tensor: Tensor) -> bytes:
    from tfstep.view.export.npz import archive

    return archive([tensor], grad=True)


def _json(session: Session, tensor: Tensor) -> bytes:
    from tfstep.view.export.json import dump

    scenario = session.scenario
    return "".join(dump(scenario.name, scenario.variant, session.trace, [tensor], True)).encode()


def _csv(session: Session, tensor: Tensor) -> bytes:
    """One row a cell: its indices, its value, its gradient."""
    import csv
    import io

    import numpy as np

    out = io.StringIO()
    writer = csv.writer(out)
    grad = tensor.grad
    writer.writerow([*(axis or f"axis{k}" for k, axis in enumerate(tensor.axes)), "value", "grad"])
    for index in np.ndindex(*tensor.shape):
        slope = "" if grad is None else repr(float(grad[index]))
        writer.writerow([*index, repr(tensor.value[index].item()), slope])
    return out.getvalue().encode()


def _txt(session: Session, tensor: Tensor) -> bytes:
    from tfstep.view.export.tables import tables
    from tfstep.view.text.spans import plain

    return "".join(f"{plain(line).rstrip()}\n" for line in tables([tensor], tensor.grad is not None)).encode()


FORMATS: dict[str, Callable[[Session, Tensor], bytes]] = {".npz": _npz, ".json": _json, ".csv": _csv, ".txt": _txt}
