"""``list`` and ``validate``."""

import shutil
from pathlib import Path

import pytest

from tfstep.scenario.file.catalog import find, shipped
from tfstep.scenario.scenario import load


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_list_says_what_the_files_say(tfstep, language):
    rows = tfstep("list", "--json", "--lang", language).json
    assert [row["name"] for row in rows] == shipped()
    for row in rows:
        assert list(row) == ["name", "title", "kind", "variants"]
        scenario = load(row["name"])
        assert row["title"] == scenario.title.in_(language)
        assert row["kind"] == scenario.model.kind
        assert row["variants"] == list(scenario.variants)


def test_the_list_as_text_has_a_line_a_scenario(tfstep):
    lines = tfstep("list").out.splitlines()
    assert [line.split()[0] for line in lines] == shipped()


def test_the_list_of_those_with_a_variant(tfstep):
    rows = tfstep("list", "--json", "--variant", "swapped").json
    assert "wo-ai-ni" in [row["name"] for row in rows]
    assert all("swapped" in row["variants"] for row in rows)


def test_nothing_is_said_of_what_is_right(tfstep):
    done = tfstep("validate", *(str(find(name)) for name in shipped()))
    assert (done.status, done.out, done.err) == (0, "", "")


def test_every_mistake_of_every_file(tfstep, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one, two, right = tmp_path / "one.yaml", tmp_path / "two.yaml", tmp_path / "right.yaml"
    text = find("wo-ai-ni").read_text("utf-8")
    one.write_text(text.replace("kind:", "knid:").replace("tfstep: 1", "tfstep: 2"), "utf-8")
    two.write_text("tfstep: 1\nmodel: {kind: encodr}\n")
    shutil.copy(find("wo-ai-ni"), right)
    done = tfstep("validate", str(one), str(right), str(two), "three.yaml")
    assert (done.status, done.out) == (2, "")
    lines = done.err.splitlines()
    assert sum(line.startswith(f"{one}:") for line in lines) >= 2
    assert any(line.startswith(f"{two}:2:") and "encoder" in line for line in lines)
    assert not any(str(right) in line for line in lines)
    assert any("three.yaml" in line for line in lines)


def test_the_variant_must_be_there(tfstep):
    assert tfstep("validate", "wo-ai-ni", "--variant", "swapped").status == 0
    done = tfstep("validate", "wo-ai-ni", "--variant", "swaped")
    assert done.status == 2
    assert "swapped" in done.err
