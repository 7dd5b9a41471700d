"""``new`` and ``repl``."""

import json
import subprocess
import sys

import pytest

from tfstep.models.keys.kinds import KINDS


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_new_file_is_valid_and_commented(tfstep, tmp_path, kind, language):
    file = tmp_path / "new.yaml"
    done = tfstep("new", kind, "-o", str(file), "--lang", language)
    assert (done.status, done.out) == (0, "")
    assert tfstep("validate", str(file)).err == ""
    text = file.read_text("utf-8")
    assert text.count("#") > 8
    assert ("模型的种类" in text) == (language == "zh")
    assert tfstep("check", str(file)).status == 0


def test_a_file_is_never_overwritten(tfstep, tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("mine")
    done = tfstep("new", "mlp", "-o", str(file))
    assert done.status == 2
    assert file.read_text() == "mine"


def test_the_kind_must_be_known(tfstep):
    assert "encoder" in tfstep("new", "encodr").err
    done = tfstep("new")
    assert (done.status, done.out) == (2, "")
    assert all(kind in done.err for kind in KINDS)


def test_the_schema_is_for_editors(tfstep):
    assert json.loads(tfstep("new", "--schema").out)["title"] == "tfstep scenario"


def test_a_batch_of_commands(tfstep):
    done = tfstep("repl", "wo-ai-ni", "--batch", "-c", "goto enc0.attn.weights", "-c", "print loss")
    assert (done.status, done.err) == (0, "")
    assert "1.4385" in done.out
    assert tfstep("repl", "wo-ai-ni", "--batch", "-c", "expect loss < 0").status == 1
    assert tfstep("repl", "wo-ai-ni", "--batch", "-c", "nonsense").status == 1


def test_lines_from_a_pipe(program):
    done = program("repl", "wo-ai-ni", stdin="next\nprint enc0.attn.nothing\nprint loss\nquit\nprint 1\n")
    assert "1.4385" in done.out
    assert "enc0.attn" in done.err
    assert "\x1b" not in done.out


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_new_lesson_passes_its_checks(tfstep, tmp_path, monkeypatch, language):
    monkeypatch.chdir(tmp_path)
    done = tfstep("new", "--lesson", "--lang", language)
    assert (done.status, done.out) == (0, "")
    assert f"tfstep learn my-lesson.{language}.md" in done.err
    assert tfstep("validate", "my-lesson.en.md", "my-lesson.zh.md").err == ""
    assert tfstep("learn", "my-lesson.zh.md", "--check").status == 0
    again = tfstep("new", "--lesson")
    assert again.status == 2
    assert "there already" in again.err
    assert tfstep("new", "--lesson", "lessons-of-mine").status == 0
    assert (tmp_path / "lessons-of-mine.zh.md").is_file()


def test_the_schema_of_lessons(tfstep):
    schema = json.loads(tfstep("new", "--lesson", "--schema").out)
    assert schema["title"] == "tfstep lesson"
    assert len(schema["$defs"]["question"]["oneOf"]) == 6


def test_in_batch_standard_input_is_a_script_and_nothing_to_run_is_a_fault() -> None:
    def batch(text: str, *more: str) -> tuple[int, str, str]:
        line = [sys.executable, "-m", "tfstep", "repl", "wo-ai-ni", "--batch", "--lang", "en", *more]
        done = subprocess.run(line, input=text, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    status, out, _ = batch("goto loss\nprint 6*7\nexpect 1 > 0\n")
    assert (status, "42" in out) == (0, True)
    status, _, err = batch("print 1\nexpect 1 > 2\n")
    assert (status, "-:2" in err) == (1, True)
    assert batch("print 6*7\n", "-x", "-")[:2] == (0, "$1 = 42\n")
    status, _, err = batch("# nothing\n\n")
    assert (status, "nothing to run" in err) == (2, True)
