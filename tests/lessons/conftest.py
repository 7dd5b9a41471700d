"""A small right lesson in both languages, to be broken one thing at a time."""

from collections.abc import Callable
from pathlib import Path

import pytest

LESSON = """---
title: Two sums
about: A lesson for tests.
scenario: neuron
minutes: 5
order: 1
---

## One

The sum is {{ layer0.a[3,0] }}, the output {{ layer0.y[3,0] | .2f }}.

```tfstep
goto layer0.y
set $before = loss
```

```claim
layer0.a[3,0] > 1
```

```question
kind: number
ask: What is a?
answer: layer0.a[3,0]
tolerance: 0.01
hints:
  - The bias is {{ layer0.b[0] }}.
reveal: layer0.a[3,0]
because: It was {{ layer0.a[3,0] }}.
```

## Two

```question
kind: order
ask: Larger?
first: loss
second: $before
then: set layer0.b[0] = 0
```

```try
undo
show layer0.y
```
"""


@pytest.fixture
def lesson(tmp_path: Path) -> Callable[..., Path]:
    """Writes the lesson in both languages, ``old`` replaced by ``new`` where told; returns the English file."""

    def write(old: str = "", new: str = "", languages: tuple[str, ...] = ("en", "zh")) -> Path:
        assert not old or old in LESSON
        for each in ("en", "zh"):
            text = LESSON.replace(old, new, 1) if old and each in languages else LESSON
            (tmp_path / f"mine.{each}.md").write_text(text, "utf-8")
        return tmp_path / "mine.en.md"

    return write
