"""Ask every library what its masks mean: in docs/, ``python -m making.masks.record`` writes ``answers.json`` beside this.

Wants torch, transformers, jax, flax, keras, tinygrad, onnx, onnxruntime, x-transformers and mlx beside tfstep, and is
outside of the checks: they read what it wrote. With the name of one group it asks that one alone and prints.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from making.masks.asked import ANSWERS, NOTHING, OF_KIND, QUESTIONS, WORDS, NotAskedError, Question, answer, not_

GROUPS = ("of_torch", "of_transformers", "of_jax", "of_keras", "of_others")
Attend = Callable[[np.ndarray, np.ndarray, Any], np.ndarray]
U = np.array(WORDS, np.float32)


def asked(attend: Attend, question: Question, mask: Any) -> dict[str, Any]:
    """What a library's attention gives: an answer by name with its numbers, or what it says against the question."""
    told = mask if isinstance(mask, str) else np.array(mask, np.float32 if _numbers(mask) else bool)
    try:
        found = np.asarray(attend(U[-question.queries :], U, told), np.float64).reshape(question.queries, -1)[:, :5]
    except NotAskedError:
        return {}
    except Exception as error:  # noqa: BLE001 a library's own kind of refusal
        return {"answer": "refused", "said": f"{type(error).__name__}: {str(error).strip().splitlines()[0][:160]}"}
    name, off = answer(question, found)
    rows: dict[str, Any] = {"answer": name, "weights": [[_number(n) for n in row] for row in found.round(6).tolist()]}
    return rows if name == "other" else {**rows, "off": float(f"{off:.1e}")}


def _numbers(mask: Any) -> bool:
    first = mask[0][0] if isinstance(mask[0], list) else mask[0]
    return not isinstance(first, bool)


def _number(n: float) -> float | str:
    return n if np.isfinite(n) else str(n)


def all_of(attend: Attend, questions: dict[str, Question]) -> dict[str, Any]:
    """Every answer of one way to attend; a row with nothing left is asked for in the library's own booleans."""
    found: dict[str, Any] = {}
    for name, question in questions.items():
        mask = question.mask
        if (
            name.startswith("nothing")
            and found.get("boolean", {}).get("answer") == "hides"
            and name in ("nothing", "nothing, boolean")
        ):
            mask = not_(NOTHING) if questions is QUESTIONS else [True] * 5
        if given := asked(attend, question, mask):
            found[name] = given
    return found


def group(name: str) -> list[dict[str, Any]]:
    """All the ways of one file."""
    ways = importlib.import_module(f"making.masks.{name}").ways()
    rows = []
    for kind, questions in OF_KIND.items():
        for (library, call), attend in ways[kind].items():
            rows.append({"kind": kind, "library": library, "call": call, "answers": all_of(attend, questions)})
    return rows


def main() -> None:
    """Each group in a program of its own: they do not all like each other."""
    if sys.argv[1:]:
        print(json.dumps(group(sys.argv[1])))
        return
    rows: list[dict[str, Any]] = []
    docs = Path(__file__).parents[2]
    for name in GROUPS:
        state = {
            **os.environ,
            "JAX_PLATFORMS": "cpu",
            "KERAS_BACKEND": "torch",
            "DEV": "PYTHON",
            "PYTHONPATH": str(docs.parent),
        }
        told = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "making.masks.record", name],
            cwd=docs,
            env=state,
            stdout=subprocess.PIPE,
            check=True,
        )
        rows += json.loads(told.stdout.decode().splitlines()[-1])
    libraries = sorted({row["library"] for row in rows} | {"jaxlib", "numpy"})
    found = {"versions": {each: version(each) for each in libraries}, "rows": rows}
    lines = re.sub(r"\n {9,}", " ", json.dumps(found, indent=2))  # an answer a line
    ANSWERS.write_text(lines + "\n", "utf-8")


if __name__ == "__main__":
    main()
