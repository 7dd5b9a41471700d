"""Files from strangers compute: what they may read and write, and what lets them do more."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import tfstep as api
from tfstep import reach
from tfstep.commands.language.registry import all_commands
from tfstep.commands.language.session import Session
from tfstep.errors import TfstepError
from tfstep.scenario.file.mistakes import Mistakes
from tfstep.scenario.weights.files import write_weights

FILES = {name for name, each in all_commands().items() if each.files}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with files outside and beneath; scripts lie in ``scripts``."""
    place = tmp_path / "here"
    (place / "scripts" / "sub").mkdir(parents=True)
    (tmp_path / "outside.txt").write_text("print loss\n")
    (place / "scripts" / "sub" / "inner.txt").write_text("print loss\n")
    (place / "notes.json").write_text("hello")
    (place / "link.json").symlink_to(tmp_path / "through.json")
    (place / "scripts" / "away").symlink_to(tmp_path)
    monkeypatch.chdir(place)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return place


REFUSED = [
    "export loss notes.json overwrite",
    "export loss notes.json",
    "export loss ../x.json",
    "export loss scripts/x.json",
    "export loss link.json",
    "export loss ~/x.json",
    "export loss ELSEWHERE/never.json",
    "save ../x.yaml",
    "save scripts/../x.yaml",
    "source ../../outside.txt",
    "source scripts/away/outside.txt",
    "diagnose /etc/hostname.npz",
]


def tree(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file() and "state" not in file.parts}


@pytest.mark.parametrize("line", REFUSED)
@pytest.mark.parametrize("how", ["-x", "breakpoint"])
def test_a_script_is_refused(tfstep, here: Path, line: str, how: str) -> None:
    script = here / "scripts" / "s.txt"
    line = line.replace("ELSEWHERE", str(here.parent))
    script.write_text(line if how == "-x" else f"break loss\ncommands 1\n{line}\nend\n")
    before = tree(here.parent)
    done = tfstep("repl", "wo-ai-ni", "--batch", "-x", "scripts/s.txt", "-c", "continue")
    assert done.status == (1 if how == "-x" else 0)
    assert "--trust" in done.err + done.out
    assert tree(here.parent) == before


def test_a_script_writes_new_files_here_and_reads_beneath_itself(tfstep, here: Path) -> None:
    (here / "scripts" / "s.txt").write_text("export loss new.json\nsave new.yaml\nsource scripts/sub/inner.txt\n")
    done = tfstep("repl", "wo-ai-ni", "--batch", "-x", "scripts/s.txt")
    assert (done.status, done.err) == (0, "")
    assert (here / "new.json").exists()
    assert (here / "new.yaml").exists()


def test_a_person_and_trust_may_do_all(tfstep, here: Path) -> None:
    (here / "scripts" / "s.txt").write_text("export loss notes.json overwrite\nsource ../outside.txt\n")
    assert tfstep("repl", "wo-ai-ni", "--batch", "-x", "scripts/s.txt", "--trust").status == 0
    assert (here / "notes.json").read_text() != "hello"
    assert (
        tfstep("repl", "wo-ai-ni", "--batch", "-c", "export loss ../x.json", "-c", "source ../outside.txt").status == 0
    )
    assert not reach.held()


@pytest.mark.parametrize("text", ["root:x:0:0:secret", "secret words", "# fine\n\nsecret = 1\n", "secrett words"])
def test_a_refusal_repeats_nothing_of_a_file_that_is_no_script(tfstep, here: Path, text: str) -> None:
    (here / "some.txt").write_text(text)
    done = tfstep("repl", "wo-ai-ni", "--batch", "-c", "source some.txt")
    assert done.status == 1
    assert "secret" not in done.err + done.out
    assert "some.txt:" in done.err


LESSON = """---
title: A
about: B
scenario: neuron
minutes: 5
order: 1
---

## One

```question
kind: number
ask: What?
answer: layer0.a[3,0]
```

```question
kind: number
ask: What?
answer: layer0.b[0]
```

```BLOCK
LINE
```

```try
show layer0.y
```
"""


@pytest.mark.parametrize("block", ["tfstep", "try"])
@pytest.mark.parametrize(
    "line",
    [
        *("export loss notes.json overwrite", "export loss new.json", "save new.yaml", "source scripts/sub/inner.txt"),
        *("diagnose x.npz", "expo loss new.json", "recover"),
    ],
)
def test_a_lesson_touches_no_files_trusted_or_not(tfstep, here: Path, block: str, line: str) -> None:
    for language in ("en", "zh"):
        (here / f"mine.{language}.md").write_text(LESSON.replace("BLOCK", block).replace("LINE", line))
    before = tree(here.parent)
    for more in ([], ["--trust"]):
        done = tfstep("learn", "mine.en.md", "--check", *more)
        assert done.status == 1
        assert "a lesson reads and writes no files" in done.err
        assert tree(here.parent) == before


def test_a_lesson_leaves_no_list_of_commands_that_does(tfstep, here: Path) -> None:
    for block in ("tfstep", "try"):
        lines = "break layer0.y\ncommands 1 export loss notes.json overwrite\ngoto start\ncontinue"
        for language in ("en", "zh"):
            (here / f"mine.{language}.md").write_text(LESSON.replace("BLOCK", block).replace("LINE", lines))
        tfstep("learn", "mine.en.md", "--check")
        assert (here / "notes.json").read_text() == "hello"


def test_every_command_that_opens_files_says_that_it_does(here: Path) -> None:
    """Run as a lesson, no command opens a file for writing, whatever it is given."""
    from tfstep.session.speaker import LESSON as SPEAKER

    session = Session(api.load("wo-ai-ni"))
    before = tree(here.parent)
    for name in all_commands():
        if name in ("check", "quit"):
            continue
        for rest in ("", "new.json", "loss new.json", "loss new.npz overwrite", "new.yaml", "notes.json"):
            with session.spoken_by(SPEAKER):
                try:
                    session.run(f"{name} {rest}")
                except TfstepError as error:
                    refused = str(error)
                    assert name not in FILES or "no files" in refused or "session" in refused
    assert tree(here.parent) == before
    assert {"save", "export", "source", "diagnose", "recover"} <= FILES


WEIGHTS = "{model: {kind: mlp, sizes: [1, 1], bias: false}, input: {x: [[1]]}, weights: {file: FILE}}"


@pytest.fixture
def scenario(here: Path) -> Callable[[str], str]:
    """Writes a scenario with weights of this name; the arrays lie in the folder and above it."""
    for place in (here.parent / "w.npz", here / "scripts" / "w.npz"):
        write_weights(place, {"layer0.W": np.ones((1, 1))})
    (here / "linked.npz").symlink_to(here.parent / "w.npz")

    def write(name: str) -> str:
        (here / "mine.yaml").write_text(WEIGHTS.replace("FILE", name))
        return "mine.yaml"

    return write


@pytest.mark.parametrize("name", ["../w.npz", "linked.npz", "scripts/away/w.npz", "scripts/../../w.npz", "ABSOLUTE"])
def test_weights_are_read_beneath_the_scenario_alone(tfstep, here: Path, scenario, name: str) -> None:
    file = scenario(name.replace("ABSOLUTE", str(here.parent / "w.npz")))
    for command in (["dump"], ["validate"], ["steps"], ["repl", "--batch", "-c", "print loss"]):
        done = tfstep(command[0], file, *command[1:])
        assert done.status == 2
        assert "--trust" in done.err
        assert "mine.yaml:1:" in done.err
    assert tfstep("dump", file, "--trust").status == 0
    assert api.trace(api.load(file))["layer0.y"].value.item() == 1, "in Python a person's program names the file"


def test_weights_beneath_are_read(tfstep, scenario) -> None:
    assert tfstep("dump", scenario("scripts/w.npz")).status == 0


def test_what_a_person_had_written_reads_what_was_named(tfstep, here: Path, scenario) -> None:
    """`save` of a scenario whose weights lie elsewhere: the new file may read them, another of the same text not."""
    file = scenario("../w.npz")
    done = tfstep("repl", file, "--batch", "--trust", "-c", "save copy.yaml")
    assert done.status == 0
    assert tfstep("dump", "copy.yaml").status == 0
    (here / "other.yaml").write_bytes((here / "copy.yaml").read_bytes())
    assert tfstep("dump", "other.yaml").status == 2
    (here.parent / "state" / "tfstep" / "named.json").write_text("[" * 100_000)
    assert tfstep("dump", "copy.yaml").status == 2


def test_a_tokenizer_is_read_beneath_the_scenario_alone(here: Path) -> None:
    (here.parent / "tokenizer.json").write_text("{}")
    (here / "t.yaml").write_text(
        "{model: {kind: decoder, d_model: 2, heads: 1}, vocab: {file: ../tokenizer.json}, input: {target: a}}"
    )
    reach.hold(True)
    try:
        with pytest.raises(Mistakes, match="--trust"):
            api.load(here / "t.yaml")
    finally:
        reach.hold(False)
