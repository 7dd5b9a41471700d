"""A recorded run as one HTML file: its record and numbers are packed into it, and it loads nothing."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from string import Template as Form

from tfstep import __version__
from tfstep.engine.trace import Trace
from tfstep.errors import CommandError
from tfstep.faces.web.page.record import run_record
from tfstep.scenario.scenario import Scenario
from tfstep.session.change.updates import LOSS
from tfstep.session.place import PHASE_NAMES
from tfstep.text import LANGUAGES, Bilingual, Template, language
from tfstep.view.text.markup import escape

MOST = 1_000_000  # numbers of a run that goes into a page: about eight megabytes
HERE = Path(__file__).parent

TEXTS: dict[str, Bilingual | Template] = {
    **PHASE_NAMES,
    "given": Template("given, not computed: {kind}", "给定的，不是算出来的：{kind}"),
    "loss": LOSS,
    "given_tensors": Bilingual("given", "给定"),
    "more": Template("+ {n} smaller terms, together {rest}", "+ 另外 {n} 个较小的项，合计 {rest}"),
    "sum": Template(
        "total {total} · recorded {recorded} · difference {difference}",
        "合计 {total} · 记录值 {recorded} · 差 {difference}",
    ),
    "search": Bilingual("search a tensor", "搜索张量"),
    "made": Bilingual(
        "Made by tfstep. Every number was recorded in one run; click one to see where it comes from.",
        "由 tfstep 生成。每个数都记录自同一次运行；点一下就能看到它从哪里来。",
    ),
    "rounded": Bilingual("The numbers of this page have seven digits.", "本页的数保留七位有效数字。"),
}
KEYS = {
    "n": ("n", Bilingual("next step", "下一步")),
    "p": ("p", Bilingual("step back", "上一步")),
    "s": ("s", Bilingual("into the step", "进入这一步")),
    "o": ("o", Bilingual("out of it", "回到外层")),
    "arrows": ("←↑↓→ hjkl", Bilingual("another cell", "移到别的单元格")),
    "enter": ("Enter", Bilingual("follow the largest term", "跟随最大的一项")),
    "back": ("Backspace", Bilingual("return", "返回")),
    "g": ("g", Bilingual("gradient", "梯度")),
    "heads": ("[ ]", Bilingual("heads", "换头")),
    "/": ("/", Bilingual("search", "搜索")),
    "l": ("L", Bilingual("Chinese", "英文")),
    "?": ("?", Bilingual("help", "帮助")),
}


def page(scenario: Scenario, trace: Trace) -> str:
    """The whole file, in the chosen language to begin with. Raises CommandError for a run that is too large for it."""
    if trace.plan.cells > MOST:
        raise CommandError(
            Bilingual(
                "a page holds runs of up to {most} numbers; this one has {cells}",
                "网页最多容纳 {most} 个数；这次运行有 {cells} 个",
                most=MOST,
                cells=trace.plan.cells,
            )
        )
    said, numbers = run_record(scenario, trace)
    texts = TEXTS | {f"key_{name}": text for name, (_, text) in KEYS.items()}
    said["ui"] = {name: {each: text.in_(each) for each in LANGUAGES} for name, text in texts.items()}
    said["keys"] = {name: key for name, (key, _) in KEYS.items()}
    record = json.dumps(said, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return Form((HERE / "page.html").read_text("utf-8")).substitute(
        lang=language(),
        version=__version__,
        title=escape(f"{scenario.title} · tfstep"),
        noscript=escape(str(Bilingual("this page needs JavaScript", "本页需要 JavaScript"))),
        css=(HERE / "page.css").read_text("utf-8"),
        script=(HERE / "page.js").read_text("utf-8"),
        record=_packed(record),
        numbers=_packed(numbers),
    )


def _packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, 9)).decode("ascii")
