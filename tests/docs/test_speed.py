"""The figures of benchmarks: kept as JSON lines, laid side by side, and shown on a page in both languages."""

import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEPT = [json.loads(line) for line in (ROOT / "benchmarks" / "release.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    sys.modules.pop("figures", None)
    import figures

    return figures


@pytest.fixture
def compare(figures: ModuleType) -> ModuleType:
    sys.modules.pop("compare", None)
    import compare

    return compare


def test_a_figure_says_what_where_and_by_which_versions(
    figures: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.jsonl"
    figures.Figures("record", file).add("toy", "warm", [3.0, 1.0, 2.0], "ms", threads=2, aim=4)
    assert "toy: warm, 2 threads" in capsys.readouterr().out
    (row,) = figures.read(file)
    measured = {"value": 2.0, "low": 1.0, "high": 3.0, "runs": 3, "unit": "ms", "aim": 4, "threads": 2}
    assert measured.items() <= row.items()
    assert {"machine", "commit", "load", "python", "numpy", "tfstep"} <= set(row)


def test_a_figure_measured_again_takes_the_place_of_the_earlier(figures: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    kept = figures.Figures("record", file)
    for what, value in (("warm", 2.0), ("cold", 5.0), ("warm", 1.0)):
        kept.add("toy", what, value)
    kept.add("toy", "warm", 7.0, threads=1)
    assert [(row["what"], row["value"]) for row in figures.read(file)] == [("warm", 1.0), ("cold", 5.0), ("warm", 7.0)]


def test_two_files_stand_side_by_side(
    figures: ModuleType, compare: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    for file, value, only in ((before, 4.0, "gone"), (after, 1.0, "new")):
        figures.Figures("record", file).add("toy", "warm", value, "ms")
        figures.Figures("record", file).add("toy", only, 1.0)
    capsys.readouterr()
    assert compare.main([str(before), str(after)]) == 0
    first, *others = capsys.readouterr().out.splitlines()
    assert re.search(r"toy: warm +4 ms +1 ms +0\.25$", first)
    assert [" ".join(each.split()) for each in others[:2]] == [
        "record toy: gone only in the first: 1",
        "record toy: new only in the second: 1",
    ]
    assert compare.main([str(before), str(tmp_path / "none.jsonl")]) == 2


def test_growth_beyond_its_arithmetic_is_seen(figures: ModuleType) -> None:
    import grow

    sizes = (1, 4, 16, 64, 256)
    works = [(2.0 * n, 100.0 * n * n, 0.0, 0.0) for n in sizes]
    rows = [
        grow.Row("layers", n, "trace", 3.0 + 0.5 * work[0] + 0.01 * work[1], work, 0.0)
        for n, work in zip(sizes, works, strict=True)
    ]
    grow.fit(rows)
    assert [row.ratio for row in rows] == pytest.approx([1.0] * 5)
    assert all(grow.why(row) == "" for row in rows)
    rows[-1].took *= 4
    assert rows[-1].ratio > grow.MOST
    assert grow.why(rows[-1]) == "?"
    drawn = list(grow.drawing(rows))
    assert "o" in drawn[0]
    assert "@" in "".join(drawn)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_shows_what_was_kept(language: str, make: ModuleType) -> None:
    text = make.spelled(make.GENERATED["speed"], language)
    assert make.file("speed", language).read_text("utf-8") == text, "python docs/make.py speed"
    assert text.count("\n| ") == len(KEPT) + 2 * text.count("\n## ")


def test_every_benchmark_has_its_section(make: ModuleType) -> None:
    from making.speed import SECTIONS

    assert {row["benchmark"] for row in KEPT} <= set(SECTIONS)


def test_every_figure_has_its_name_in_chinese(make: ModuleType) -> None:
    from making.speed import in_words

    names = {row[each] for row in KEPT for each in ("case", "what")}
    same = {name for name in names if in_words(name, "zh") == name}
    assert {
        name for name in same if not re.fullmatch(r"transformers|torch|tfstep.*|[\w /,-]*tfstep[\w /,-]*", name)
    } == set()
