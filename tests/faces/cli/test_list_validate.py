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
    assert (done.status, done.out) == (0, "")
    warned = {line.split("(")[1].split(")")[0] for line in done.err.splitlines()}
    assert warned == {"all-pad-minus-inf", "all-pad-float16"}, "whose rows have nothing to see on purpose"


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


WRONG = "model:\n  kind: encoder\n  hedas: 2\nvocab: [a, b]\ninput: {source: a c}\n"


def test_mistakes_as_json(tfstep, tmp_path: Path):
    file = tmp_path / "wrong.yaml"
    file.write_text(WRONG)
    plain = tfstep("validate", str(file))
    done = tfstep("validate", str(file), "--format", "json")
    assert (done.status, done.err) == (2, "")
    spelled = [f"{row['file']}:{row['line']}:{row['column']}: {row['message']}" for row in done.json]
    assert spelled == plain.err.splitlines()
    assert done.json[0]["line"] == 3
    right = tfstep("validate", str(find("softmax")), "--format", "json")
    assert (right.status, right.json) == (0, [])


def test_mistakes_as_annotations_of_a_pull_request(tfstep, tmp_path: Path):
    file = tmp_path / "100%,a:b.yaml"
    file.write_text(WRONG.replace("a c", "'a 50%'"))
    done = tfstep("validate", str(file), "--format", "github")
    assert done.status == 2
    lines = done.out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"::error file={tmp_path}/100%25%2Ca%3Ab.yaml,line=3,col=3::")
    assert "50%25" in lines[1]
    assert tfstep("validate", str(find("softmax")), "--format", "github").out == ""


def test_a_file_that_is_not_there_is_named_to_machines(tfstep, tmp_path: Path):
    gone = str(tmp_path / "gone.yaml")
    assert tfstep("validate", gone, "--format", "json").json[0]["file"] == gone
    assert tfstep("validate", gone, "--format", "github").out.startswith(f"::error file={gone}::no scenario ")


def test_a_file_that_is_written_names_its_schema(tfstep, tmp_path: Path):
    import json
    from urllib.parse import unquote, urlsplit

    file = tmp_path / "mine.yaml"
    assert tfstep("new", "encoder", "-o", str(file)).status == 0
    saved = tmp_path / "saved.yaml"
    lines = ("-c", "set enc0.attn.W_Q[0,0] = 2", "-c", f"save {saved}")
    assert tfstep("repl", str(file), "--batch", *lines).status == 0
    for each in (file, saved):
        first, *rest = each.read_text("utf-8").splitlines()
        mark, _, address = first.partition("$schema=")
        assert mark == "# yaml-language-server: "
        assert json.loads(Path(unquote(urlsplit(address).path)).read_text("utf-8"))["type"] == "object"
        assert not any("yaml-language-server" in line for line in rest)
    assert load(str(saved)).program
    assert "yaml-language-server" not in tfstep("new", "encoder").out
