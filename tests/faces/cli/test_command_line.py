"""The command line as a whole: options, languages, colour, pipes and the exit status."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tfstep.faces.cli.group import PROGRAM
from tfstep.faces.cli.opening import reading
from tfstep.faces.cli.options import common_options
from tfstep.faces.cli.table import COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_what_all_do(name):
    command = PROGRAM.get_command(None, name)
    options = {option for param in command.params for option in param.opts}
    assert {option for param in common_options() for option in param.opts} <= options
    assert "--variant" in options or name in ("doctor", "exam")  # which open no scenario


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_command_has_help_in_both_languages(tfstep, name, language):
    done = tfstep(name, "--help", "--lang", language)
    assert (done.status, done.err) == (0, "")
    assert ("用法：" in done.out) == (language == "zh")
    assert f"tfstep {name}" in done.out


@pytest.mark.parametrize("name", ["kind", "scenario"])
def test_what_takes_a_scenario_takes_what_a_model_on_disk_reads(name):
    asked = {option.name for option in reading()}
    taking = [each for each in COMMANDS if name in {p.name for p in PROGRAM.get_command(None, each).params}]
    assert len(taking) == {"kind": 1, "scenario": 15}[name], taking
    for each in taking:
        assert asked <= {p.name for p in PROGRAM.get_command(None, each).params}, each


def test_help_names_every_command(tfstep):
    out = tfstep("--help").out
    assert all(f"\n  {name} " in out for name in COMMANDS)
    assert tfstep().out == tfstep("-h").out == out
    assert tfstep("dump", "-h").out == tfstep("dump", "--help").out


@pytest.mark.parametrize("arguments", [("--lang", "zh", "list"), ("list", "--lang", "zh"), ("list", "--lang=zh")])
def test_options_stand_before_or_after_the_command(tfstep, arguments):
    assert "语序" in tfstep(*arguments).out


@pytest.mark.parametrize(
    ("locale", "word"), [("zh_CN.UTF-8", "语序"), ("en_US.UTF-8", "Word order"), ("C", "Word order"), ("fr_FR", "Word")]
)
def test_the_language_is_that_of_the_locale(tfstep, monkeypatch, locale, word):
    monkeypatch.setenv("LC_ALL", locale)
    assert word in tfstep("list").out


@pytest.mark.parametrize(
    ("arguments", "english", "chinese"),
    [
        (("lits",), "did you mean list?", "没有命令"),
        (("dump",), "SCENARIO is missing", "缺少 SCENARIO"),
        (("dump", "wo-ai-ni", "--prescision", "3"), "did you mean --precision?", "没有选项"),
        (("dump", "wo-ai-ni", "--precision"), "--precision needs a value", "需要一个值"),
        (("dump", "wo-ai-ni", "--grad=1"), "--grad takes no value", "不带值"),
        (("dump", "wo-ai-ni", "--precision", "x"), "whole number", "整数"),
        (("dump", "wo-ai-ni", "--precision", "0"), "whole number", "整数"),
        (("dump", "wo-ai-ni", "--format", "jsno"), "did you mean json?", "只能是"),
        (("list", "--color", "red"), "auto, always, never", "只能是"),
        (("steps", "wo-ai-ni", "more"), "no place for 'more'", "多出了参数"),
        (("dump", "wo-ai-no"), "did you mean wo-ai-ni?", "没有场景"),
        (("dump", "wo-ai-ni", "--variant", "swaped"), "did you mean swapped?", "swapped"),
    ],
)
def test_what_is_at_fault_is_said_in_the_language_and_ends_with_2(tfstep, arguments, english, chinese):
    done = tfstep(*arguments)
    assert (done.status, done.out) == (2, "")
    assert english in done.err
    done = tfstep(*arguments, "--lang", "zh") if arguments[-1] != "--precision" else tfstep("--lang", "zh", *arguments)
    assert (done.status, done.out) == (2, "")
    assert chinese in done.err


def test_an_unknown_language_is_refused(tfstep):
    done = tfstep("list", "--lang", "fr")
    assert (done.status, done.out) == (2, "")
    assert "en, zh" in done.err


@pytest.mark.parametrize("arguments", [("dump", "wo-ai-ni", "--grad"), ("steps", "wo-ai-ni"), ("list",)])
def test_colour_is_for_terminals(tfstep, monkeypatch, arguments):
    assert "\x1b" not in tfstep(*arguments).out
    colored = tfstep(*arguments, "--color", "always").out
    assert "\x1b[" in colored
    monkeypatch.setattr("tfstep.faces.cli.settings.is_terminal", lambda stream: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in tfstep(*arguments).out
    assert "\x1b" not in tfstep(*arguments, "--color", "never").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in tfstep(*arguments).out
    assert "\x1b[" in tfstep("--color", "always", *arguments).out


def test_a_wide_table_is_folded_on_a_terminal(tfstep, monkeypatch):
    monkeypatch.setattr("tfstep.faces.cli.settings.is_terminal", lambda stream: True)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("NO_COLOR", "1")
    from tfstep.view.text.width import width

    lines = tfstep("dump", "padding", "*.ffn.W_1", "--precision", "9").out.splitlines()
    assert max(width(line) for line in lines[2:]) <= 40


def test_words_of_a_file_bring_no_control_characters(tfstep, tmp_path):
    file = tmp_path / "evil.yaml"
    file.write_text(
        'tfstep: 1\ntitle: "\\e[31mred"\nmodel: {kind: encoder, d_model: 2}\n'
        'vocab: ["\\e[31mred", "a"]\ninput: {source: [a, "\\e[31mred"]}\n'
    )
    done = tfstep("dump", str(file), "*.weights")
    assert "\x1b" not in done.out + done.err
    assert done.out or done.err


def test_a_closed_pipe_is_no_error():
    for arguments in ("dump padding --grad --format json", "steps wo-ai-ni --depth 9", "--help"):
        program = subprocess.Popen(
            [sys.executable, "-m", "tfstep", *arguments.split()], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        program.stdout.close()
        assert program.stderr.read() == b""
        program.stderr.close()
        assert program.wait() == 0


def test_without_a_terminal_the_screen_says_what_to_use(program):
    done = program("run", "wo-ai-ni", "--at", "loss", "-c", "next")
    assert (done.status, done.out) == (2, "")
    assert "tfstep dump wo-ai-ni" in done.err
    assert "tfstep repl wo-ai-ni" in done.err


def test_what_is_wrong_with_a_scenario_is_told_before_the_terminal(tfstep):
    done = tfstep("run", "nofile")
    assert done.status == 2
    assert "no scenario 'nofile'" in done.err
    assert "terminal" not in done.err


def test_a_mistake_that_shows_when_the_model_is_built_is_told_before_the_terminal(tfstep, tmp_path):
    file = tmp_path / "f.yaml"
    file.write_text(
        "tfstep: 1\nmodel: {kind: decoder, d_model: 4, heads: 1, d_ff: 4}\nvocab: [<pad>, a, b]\n"
        "input: {target: a b, labels: b a}\nloss: out.logits - 1\n"
    )
    done = tfstep("run", str(file))
    assert done.status == 2
    assert "f.yaml:5:7" in done.err
    assert "terminal" not in done.err


def test_as_a_module_it_is_called_tfstep(program):
    assert program("dump", "--help").out.startswith("Usage: tfstep dump")
    done = program("dump")
    assert done.status == 2
    assert "`tfstep dump --help`" in done.err


def test_characters_that_a_stream_cannot_encode_are_spelled(program):
    done = program("dump", "wo-ai-ni", "*.weights", PYTHONIOENCODING="ascii")
    assert done.status == 0
    assert "\\u6211" in done.out


def test_a_full_disk_is_told():
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full here")
    with full.open("w") as disk:
        done = subprocess.run([sys.executable, "-m", "tfstep", "list"], stdout=disk, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("tfstep exp", ["explain", "export"]),
        ("tfstep ", list(COMMANDS)),
        ("tfstep dump wo-", ["wo-", "wo-ai-ni"]),
        ("tfstep run nosuch", ["nosuch"]),
        ("tfstep learn neu", ["neu", "neuron"]),
        ("tfstep new enc", ["enc", "encoder", "encoder-decoder"]),
        ("tfstep explain wo-ai-ni enc0.attn.w", ["enc0.attn.weights", "enc0.attn.weights.grad"]),
        ("tfstep dump wo-ai-ni --variant swapped enc0.attn.K", ["enc0.attn.K", "enc0.attn.K.grad"]),
        ("tfstep explain nosuch x", []),
        ("tfstep dump wo-ai-ni --variant swapped-", ["swapped-no-position"]),
        ("tfstep dump --format j", ["json"]),
    ],
)
def test_a_shell_completes(program, line, expected):
    words = line.split(" ")
    done = program(_TFSTEP_COMPLETE="bash_complete", COMP_WORDS=line.rstrip(), COMP_CWORD=str(len(words) - 1))
    assert [said.partition(",")[2] for said in done.out.strip().splitlines()] == expected


def test_completing_a_command_imports_none():
    code = (
        "import sys; from tfstep.faces.cli.main import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print({m for m in sys.modules if m.startswith('tfstep.faces.cli.commands.') or m == 'numpy'}, file=sys.stderr)"
    )
    environment = {**os.environ, "_TFSTEP_COMPLETE": "bash_complete", "COMP_WORDS": "tfstep", "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stderr.strip() == "set()"
    assert done.stdout
