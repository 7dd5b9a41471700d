"""Standard streams that are closed, full or of another encoding: the status is that of the work, JSON stays JSON."""

import codecs
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tfstep.faces.cli.main import escaped
from tfstep.faces.cli.output import say
from tfstep.faces.cli.watching import Bar
from tfstep.text import Bilingual
from tfstep.work import watched

TFSTEP = f'tfstep() {{ {sys.executable} -m tfstep --lang en "$@"; echo $? > status; }}'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("tfstep validate bad.yaml 2>&1 | true", 2),
        ("tfstep validate bad.yaml 2>&-", 2),
        ("tfstep validate bad.yaml --format json | true", 2),
        ("tfstep repl wo-ai-ni --batch -c 'print loss' -c 'expect loss > 9' 2>&1 | true", 1),
        ("tfstep diff wo-ai-ni --variant swapped | true", 1),
        ("tfstep dump wo-ai-ni | true", 0),
        ("tfstep dump wo-ai-ni > /dev/full", 2),
        ("yes 'print loss' | tfstep repl wo-ai-ni | true", 0),
        ("tfstep repl wo-ai-ni <&-", 0),
        ("tfstep repl wo-ai-ni --batch <&-", 2),
        ("tfstep repl wo-ai-ni --batch < /dev/null", 2),
        ("tfstep repl wo-ai-ni -c 'no-such-command' < /dev/null", 1),
        ("echo 'expect loss > 9' | tfstep repl wo-ai-ni --batch", 1),
        ("echo 'expect loss < 9' | tfstep repl wo-ai-ni --batch", 0),
        ("tfstep learn attention --plain <&-", 0),
        ("tfstep check neuron >&- 2>&-", 0),
        (r"printf 'n\n\377\n' > bad.txt; tfstep repl wo-ai-ni --batch -x bad.txt", 2),
        ("tfstep repl wo-ai-ni --batch -x nowhere.txt", 2),
        ("tfstep repl wo-ai-ni --batch -x /dev/null", 2),
    ],
)
def test_the_status_is_that_of_the_work(line: str, status: int, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("tfstep: 2\n")
    around = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    done = subprocess.run(["bash", "-c", f"{TFSTEP}\n{line}"], cwd=tmp_path, capture_output=True, env=around)
    assert b"Traceback" not in done.stderr
    assert int((tmp_path / "status").read_text()) == status


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "gbk", "utf-8"])
@pytest.mark.parametrize("text", ["·", "我", "é", "😀", "\udcff", "x"])
def test_what_a_stream_cannot_encode_is_escaped_as_json_escapes_it(text: str, encoding: str) -> None:
    codecs.register_error("tfstep", escaped)
    written = json.dumps({"a": text}, ensure_ascii=False).encode(encoding, "tfstep").decode(encoding)
    assert json.loads(written) == {"a": text}


@pytest.mark.slow
@pytest.mark.parametrize("command", ["dump gpt --format json", "explain gpt loss --json --depth 2", "steps gpt --json"])
def test_json_is_the_same_in_every_locale(command: str, tmp_path: Path) -> None:
    found = []
    for locale in ({"LC_ALL": "zh_CN.UTF-8"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}):
        done = subprocess.run(
            [sys.executable, "-m", "tfstep", *command.split()], capture_output=True, env={**_around(), **locale}
        )
        assert done.returncode == 0
        found.append(json.loads(done.stdout.decode("utf-8")))
    assert _without_notes(found[0]) == _without_notes(found[1])


def _around() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}


def _without_notes(found: object) -> object:
    """What is said in words follows the language; what programs read does not."""
    if isinstance(found, dict):
        return {key: _without_notes(each) for key, each in found.items() if key != "note"}
    return [_without_notes(each) for each in found] if isinstance(found, list) else found


def test_what_is_said_takes_the_line_of_the_progress_away(monkeypatch, capsys):
    monkeypatch.setattr("tfstep.faces.cli.watching.is_terminal", lambda stream: True)
    monkeypatch.setattr("tfstep.faces.cli.watching.AFTER", 0.0)
    bar = Bar()
    with watched(bar):
        bar.tell(1, 3, Bilingual("", ""))
        say("a remark")
    written = capsys.readouterr().err
    assert "1/3" in written
    assert written.endswith("\r\x1b[Ka remark\n")
