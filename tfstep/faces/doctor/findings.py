"""What is told of this machine: each with a word on it, and what to do where something is amiss."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import get_terminal_size

from msgspec import Struct
from platformdirs import user_state_path
from rich.console import Console

from tfstep import __version__
from tfstep.faces.cli.settings import has_screen, is_terminal
from tfstep.faces.doctor.widths import Measured
from tfstep.faces.recovery import diaries
from tfstep.faces.tui.keys.own import keys_file
from tfstep.lessons.player.progress import Progress
from tfstep.scenario.file import catalog
from tfstep.text import Bilingual, locale_language

NEEDED = (
    "numpy",
    "threadpoolctl",
    "textual",
    "rich",
    "click",
    "msgspec",
    "ruamel.yaml",
    "prompt_toolkit",
    "platformdirs",
    "wcwidth",
)
EXTRAS = {
    "web": ("textual-serve",),
    "gif": ("pillow",),
    "xarray": ("xarray",),
    "models": ("tokenizers", "sentencepiece", "gguf"),
}
SMALLEST = (80, 24)
SAMPLE = "我爱你 │ 0.12 ▁▂▅█ ∂loss/∂W_Q = √d_k · α ⇒ ●"


class Finding(Struct, frozen=True):
    """One line: what it is of, what was found, and what to do about it where it is amiss."""

    title: Bilingual
    found: str
    advice: Bilingual | None = None


def findings(measured: Sequence[Measured]) -> Iterator[Finding]:
    """Everything that is told, in order."""
    yield from _versions()
    yield from _terminal()
    yield _widths(measured)
    yield Finding(Bilingual("these should line up, and none be a box", "下面应当对齐，且没有方框"), SAMPLE)
    yield from _files()


def _versions() -> Iterator[Finding]:
    python = f"Python {platform.python_version()} · {platform.system()} {platform.machine()}"
    yield Finding(Bilingual("versions", "版本"), f"tfstep {__version__} · {python}")
    yield Finding(Bilingual("libraries", "依赖库"), " · ".join(f"{name} {_version(name)}" for name in NEEDED))
    for extra, names in EXTRAS.items():
        found = {name: _version(name) for name in names}
        said = " · ".join(f"{name} {version}" for name, version in found.items())
        if "-" in found.values():
            said += f"  (pip install 'tfstep[{extra}]')"
        yield Finding(Bilingual("extra {name}", "可选组件 {name}", name=extra), said)


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "-"


def _terminal() -> Iterator[Finding]:
    term = os.environ.get("TERM", "-")
    program = os.environ.get("TERM_PROGRAM", "")
    if not has_screen():
        advice = Bilingual(
            "no screen can be drawn here; `tfstep dump`, `steps`, `explain`, `repl` and `page` need none",
            "这里无法显示屏幕界面；`tfstep dump`、`steps`、`explain`、`repl`、`page` 不需要终端",
        )
        yield Finding(Bilingual("terminal", "终端"), f"TERM={term}", advice)
    else:
        size = get_terminal_size()
        small = size.columns < SMALLEST[0] or size.lines < SMALLEST[1]
        wider = Bilingual("make it 80×24 or larger", "请放大到 80×24 以上")
        said = " · ".join(filter(None, (f"TERM={term}", program, f"{size.columns}×{size.lines}")))
        yield Finding(Bilingual("terminal", "终端"), said, wider if small else None)
    yield _colours()
    encoding = (sys.stdout.encoding or "-").lower()
    utf8 = Bilingual(
        "symbols need UTF-8: set the locale, or PYTHONUTF8=1", "符号需要 UTF-8：请设置区域，或设 PYTHONUTF8=1"
    )
    yield Finding(Bilingual("encoding", "编码"), encoding, None if encoding.replace("-", "") == "utf8" else utf8)
    places = " ".join(
        f"{name}={os.environ[name]}" for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)
    )
    yield Finding(Bilingual("language of the locale", "区域的语言"), f"{locale_language()}  ({places or '-'})")


def _colours() -> Finding:
    title = Bilingual("colours", "颜色")
    if os.environ.get("NO_COLOR"):
        return Finding(title, "NO_COLOR", Bilingual("unset NO_COLOR for colours", "取消 NO_COLOR 才有颜色"))
    system = Console().color_system if is_terminal(sys.stdout) else None
    few = Bilingual(
        "COLORTERM=truecolor gives finer shades, where the terminal can", "若终端支持，设 COLORTERM=truecolor 色阶更细"
    )
    return Finding(title, system or "-", few if system in ("standard", "256") else None)


def _widths(measured: Sequence[Measured]) -> Finding:
    title = Bilingual("widths of characters", "字符宽度")
    wrong = [each for each in measured if each.found != each.wanted]
    if not measured:
        return Finding(title, str(Bilingual("the terminal does not say", "终端没有回答")))
    if not wrong:
        return Finding(title, str(Bilingual("all {n} as they should be", "{n} 个都正确", n=len(measured))))
    said = " ".join(f"{each.character} {each.found}≠{each.wanted}" for each in wrong)
    return Finding(
        title, said, Bilingual("run with --ascii, or choose another font", "请加 --ascii 运行，或换一种字体")
    )


def _files() -> Iterator[Finding]:
    yield Finding(Bilingual("scenarios that ship", "自带的场景"), _place(catalog.folder()))
    yield Finding(Bilingual("your own keys", "自定义按键"), _place(keys_file()))
    yield Finding(Bilingual("progress of lessons", "课程进度"), _place(Progress().file))
    yield Finding(Bilingual("what was not saved", "未保存的改动"), _place(diaries()))
    yield Finding(Bilingual("other state", "其他状态"), _place(Path(user_state_path("tfstep"))))


def _place(path: Path | None) -> str:
    if path is None:
        return "-"
    return str(path) if path.exists() else str(Bilingual("{path}  (not there yet)", "{path}（尚未创建）", path=path))
