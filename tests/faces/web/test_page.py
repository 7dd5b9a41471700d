"""The page of a run: every cell of every tensor is made of what the page says, in one small file that loads nothing."""

import base64
import json
import math
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfstep
from tfstep.engine.op import CATALOGUE
from tfstep.faces.web.page.write import page
from tfstep.scenario.file.catalog import shipped
from tfstep.text import set_language


def unpacked(html: str) -> tuple[dict[str, Any], list[np.ndarray]]:
    """The record of a page, and the array of each of its tensors."""
    packed = {
        name: zlib.decompress(base64.b64decode(re.findall(rf'id="{name}">([^<]*)<', html)[0]))
        for name in ("record", "numbers")
    }
    record = json.loads(packed["record"])
    numbers = np.frombuffer(packed["numbers"], "<f8" if record["double"] else "<f4").astype(float)
    sizes = [math.prod(t["shape"]) for t in record["tensors"]]
    assert sum(sizes) == numbers.size
    parts = np.split(numbers, np.cumsum(sizes)[:-1])
    return record, [part.reshape(t["shape"]) for part, t in zip(parts, record["tensors"], strict=True)]


def told(x: float | str) -> float:
    return float(x)


def terms(tensor: dict[str, Any], cell: tuple[int, ...], arrays: list[np.ndarray]) -> list[float]:
    """The terms of one cell as plain loops make them from what the page says."""

    def term(fn: str, factors: list[tuple[float, float]]) -> float:
        product = math.prod(value if power == 1 else value**power for power, value in factors)
        return CATALOGUE.functions[fn](product) if fn else product

    found: list[float] = []
    if "each" in tensor["made"]:
        flat = int(np.ravel_multi_index(cell, tensor["shape"])) if cell else 0
        for fn, *factors in tensor["made"]["each"][flat][2:]:
            found.append(term(fn, [(p, told(a) if isinstance(b, str) else arrays[a].flat[b]) for p, a, b in factors]))
        return found
    for count, fn, factors in tensor["made"]["all"]:
        for k in range(count):
            made = []
            for power, a, b, *moves in factors:
                if isinstance(b, str):
                    made.append((power, told(a)))
                    continue
                at = b + k * moves[0] + sum(i * by for i, by in zip(cell, moves[1:], strict=True))
                made.append((power, arrays[a].flat[at]))
            found.append(term(fn, made))
    return found


@pytest.mark.parametrize("name", ["wo-ai-ni", "causal-mask", "padding", "softmax", "rope", "backprop-by-hand"])
def test_every_cell_is_the_sum_that_the_page_tells(name: str) -> None:
    trace = tfstep.trace(tfstep.load(name))
    record, arrays = unpacked(page(tfstep.load(name), trace))
    patterned = 0
    for tensor, array in zip(record["tensors"], arrays, strict=True):
        assert np.array_equal(array, trace[tensor["path"]].value.astype(float), equal_nan=True)
        if "made" not in tensor:
            assert "step" not in tensor or tensor["path"].endswith(".new")
            continue
        patterned += "all" in tensor["made"]
        for cell in np.ndindex(*tensor["shape"]):
            parts = terms(tensor, cell, arrays)
            right = pytest.approx(array[cell], rel=1e-12, abs=1e-12 * sum(map(abs, parts)) + 1e-300, nan_ok=True)
            assert math.fsum(parts) == right, (tensor["path"], cell)
    assert patterned or name in ("softmax", "backprop-by-hand")


def test_the_terms_are_those_that_explain_tells() -> None:
    trace = tfstep.trace(tfstep.load("causal-mask"))
    record, arrays = unpacked(page(trace.plan.origin, trace))
    rng = np.random.default_rng(0)
    for tensor in record["tensors"]:
        if "made" in tensor:
            cell = tuple(int(rng.integers(n)) for n in tensor["shape"])
            name = tensor["path"] + (str(list(cell)).replace(" ", "") if cell else "")
            found = trace.explain(name)
            assert terms(tensor, cell, arrays) == pytest.approx(
                [term.value for term in found.terms], rel=1e-12, nan_ok=True
            )


def test_what_is_said_of_a_masked_cell_is_on_the_page() -> None:
    trace = tfstep.trace(tfstep.load("causal-mask"))
    record, _ = unpacked(page(trace.plan.origin, trace))
    masked = next(t for t in record["tensors"] if t["path"] == "dec0.attn.masked")
    note = masked["made"]["each"][1][1]
    assert record["texts"][note] == [trace.explain("dec0.attn.masked[0,0,0,1]").note.in_(each) for each in ("en", "zh")]


@pytest.mark.parametrize("name", shipped())
def test_the_page_of_a_shipped_scenario_is_small_and_loads_nothing(name: str) -> None:
    scenario = tfstep.load(name)
    html = page(scenario, tfstep.trace(scenario))
    assert len(html.encode()) < 1_000_000
    assert "default-src 'none'" in html
    assert not re.search(
        r"""https?://|src=|<link|@import|url\(|fetch\(|XMLHttp|WebSocket|import\(|\beval\(|innerHTML""", html
    )
    record, _ = unpacked(html)
    for texts in record["ui"].values():
        assert set(texts) == {"en", "zh"}
        assert "{{" not in texts["en"] + texts["zh"]


def test_numbers_that_are_not_finite_and_pins_are_kept() -> None:
    trace = tfstep.trace(tfstep.load("causal-mask", "minus-inf")).edit({"dec0.attn.scores[0,0,1,1]": np.nan})
    record, arrays = unpacked(page(trace.plan.origin, trace))
    at = {t["path"]: k for k, t in enumerate(record["tensors"])}
    assert np.isnan(arrays[at["dec0.attn.scores"]][0, 0, 1, 1])
    assert np.isneginf(arrays[at["dec0.attn.masked"]]).any()


def test_markup_in_a_title_is_no_markup() -> None:
    scenario = tfstep.load("softmax").with_changes({"title": "</title><script>alert(1)</script>"})
    html = page(scenario, tfstep.trace(scenario))
    assert "<script>alert" not in html


def test_a_run_that_is_too_large_is_refused() -> None:
    size = {"model": {"kind": "mlp", "sizes": [800, 800]}, "input": {"x": np.zeros((2, 800))}, "loss": {"kind": "sum"}}
    scenario = tfstep.Scenario.from_dict(size)
    with pytest.raises(tfstep.TfstepError, match="up to 1000000 numbers"):
        page(scenario, tfstep.trace(scenario))


def test_the_page_begins_in_the_chosen_language() -> None:
    scenario = tfstep.load("softmax")
    set_language("zh")
    try:
        assert '<html lang="zh">' in page(scenario, tfstep.trace(scenario))
    finally:
        set_language("en")


def test_the_command_writes_the_file(tmp_path: Path) -> None:
    from tfstep.faces.cli.commands.files.page import COMMAND
    from tfstep.faces.cli.settings import Settings

    file = tmp_path / "a.html"
    COMMAND.main(["softmax", "-o", str(file)], standalone_mode=False, obj=Settings())
    assert file.read_text("utf-8").startswith("<!DOCTYPE html>")
