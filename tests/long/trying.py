"""Trying case after case: what each came to is counted; what fails is made short and written to a file."""

from __future__ import annotations

import random
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct, field

from tfstep.errors import TfstepError

FAILURES = Path("long-failures.txt")
LONGEST = 20.0  # seconds of one case, after which it counts as one that hangs


class Kind(Struct):
    """One kind of case: how it is made by a seed, and how it is tried. To be refused in words is as good as answered."""

    name: str
    make: Callable[[random.Random], str]
    attempt: Callable[[str], object]


class Tally(Struct):
    """What came of the cases, by kind; the failures, and the slowest case of each kind."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest: dict[str, tuple[float, str]] = field(default_factory=dict)

    def told(self) -> str:
        """All of it, a line each."""
        kinds = sorted({kind for kind, _ in self.outcomes})
        lines = []
        for kind in kinds:
            each = {outcome: n for (of, outcome), n in self.outcomes.items() if of == kind}
            slow, case = self.slowest.get(kind, (0.0, ""))
            parts = "  ".join(f"{outcome} {n}" for outcome, n in sorted(each.items()))
            lines.append(f"{kind:11} {sum(each.values()):8}  {parts}  slowest {slow:.2f} s {case[:60]!r}")
        return "\n".join(lines)

    def keep(self) -> None:
        """Write what failed to a file."""
        if self.failures:
            with FAILURES.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write("\n".join(self.failures) + "\n")


def fault(kind: Kind, case: str) -> str | None:
    """What a case fails with, None where it is answered or refused in words."""
    try:
        kind.attempt(case)
    except (TfstepError, UnicodeEncodeError):
        return None
    except Exception:  # noqa: BLE001  # that is what is looked for
        return traceback.format_exc(limit=-4)
    return None


def shortened(kind: Kind, case: str, seconds: float = 60.0) -> str:
    """A shorter text that fails as well, found by cutting out ever smaller parts."""
    end, size = time.monotonic() + seconds, len(case) // 2
    while size and time.monotonic() < end:
        at = 0
        while at < len(case):
            less = case[:at] + case[at + size :]
            case, at = (less, at) if fault(kind, less) else (case, at + size)
        size //= 2
    return case


def run(kinds: list[Kind], seed: int, count: int | None, seconds: float | None, tally: Tally) -> None:
    """So many cases of each kind, or as many as there is time for; the same seed makes the same cases."""
    share = None if seconds is None else seconds / len(kinds)
    for kind in kinds:
        draw, n = random.Random(f"{seed} {kind.name}"), 0
        end = None if share is None else time.monotonic() + share
        while (count is None or n < count) and (end is None or time.monotonic() < end):
            n += 1
            case = kind.make(draw)
            start = time.process_time()
            try:
                kind.attempt(case)
                outcome = "answered"
            except (TfstepError, UnicodeEncodeError):
                outcome = "refused"
            except Exception:  # noqa: BLE001  # that is what is looked for
                outcome = "FAILED"
            took = time.process_time() - start
            if took > tally.slowest.get(kind.name, (0.0, ""))[0]:
                tally.slowest[kind.name] = took, case
            if took > LONGEST and outcome != "FAILED":
                outcome = "TOO SLOW"
                tally.failures.append(f"== {kind.name}, seed {seed}, case {n}: {took:.0f} s\n{case!r}")
            tally.outcomes[kind.name, outcome] += 1
            if outcome == "FAILED" and len(tally.failures) < 100:
                case = shortened(kind, case)
                tally.failures.append(f"== {kind.name}, seed {seed}, case {n}\n{case!r}\n{fault(kind, case)}")
