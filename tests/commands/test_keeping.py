"""What is kept: saved scenarios, exports, the diary of a session that was cut off."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tfstep
from tfstep import work
from tfstep.commands.language.session import Session
from tfstep.errors import CommandError
from tfstep.session.change.crash_log import Diary, leftovers
from tfstep.view.result.lines import text


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def session() -> Session:
    return Session(tfstep.load("wo-ai-ni"))


def leaves(session: Session) -> dict[str, bytes]:
    return {n.path: session.trace.value(n.slot).tobytes() for n in session.trace.plan.nodes}


@pytest.mark.slow
@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["set enc0.attn.W_Q[0,0] = 0.1"],
        ["train 3"],
        ["variant swapped", "set out.b = [1,2,3]"],
        ["tokens source 你 爱 我", "model scale false"],
        ["model mask.padding false", "model positional learned", "set src.pos[0,0] = -1e-300"],
        ["set enc0.attn.heads[:,0,1] = 0", "set enc0.attn.weights[0,0,'我'] = [0.2,0.3,0.5]", "set loss.grad = 2"],
        ["set enc0.attn.scores[0,0,0,1:] = nan", "set enc0.attn.Q = inf", "train 2"],
        ["set src.pos[0,1] = -0.0", "set enc0.add1 = 1", "release enc0.add1"],
        ["set out.b[0] = nan"],
    ],
)
def test_a_saved_scenario_gives_the_same_numbers(session: Session, lines: list[str]) -> None:
    for line in lines:
        session.run(line)
    shown = text(session.run("save mine.yaml"), session.trace)
    assert "cannot hold" not in shown
    assert leaves(Session(tfstep.load("mine.yaml"))) == leaves(session)


def test_comments_and_variants_stay(session: Session) -> None:
    session.run("set enc0.attn.W_Q[0,0] = 2")
    session.run("save mine.yaml")
    assert "# 你: like 我" in Path("mine.yaml").read_text("utf-8")
    assert tfstep.load("mine.yaml").variants == session.scenario.variants


@pytest.mark.slow
def test_many_weights_go_into_a_file_beside() -> None:
    session = Session(tfstep.load("steve-builds-a-house"))
    session.run("train 2")
    session.run("save steve.yaml")
    (first,) = Path().glob("steve.*.npz")
    again = Session(tfstep.load("steve.yaml"))
    assert np.array_equal(again.trace["enc0.attn.W_Q"].value, session.trace["enc0.attn.W_Q"].value)
    session.run("train 1")
    session.run("save steve.yaml overwrite")
    assert len(list(Path().glob("steve.*.npz"))) == 2, "what another scenario may name stays as it is"
    assert first.is_file()


def test_pins_are_saved_held_and_released_again(session: Session) -> None:
    session.run("set enc0.attn.heads[:,:,1] = 0")
    session.run("save mine.yaml")
    again = Session(tfstep.load("mine.yaml"))
    assert again.pinned == {"enc0.attn.heads"}
    again.run("train 2")
    assert not again.trace["enc0.attn.heads"].value[0, 0, 1].any()
    again.run("save mine.yaml overwrite")
    assert Session(tfstep.load("mine.yaml")).pinned == {"enc0.attn.heads"}
    again.run("release")
    again.run("save mine.yaml overwrite")
    assert "pins" not in Path("mine.yaml").read_text("utf-8")


@pytest.mark.parametrize("train", ["{optimizer: adam, lr: 0.1}", "{lr: 0.1, momentum: 0.9}"])
def test_training_goes_on_from_a_saved_scenario_as_if_it_had_not_stopped(train: str) -> None:
    text = Path(tfstep.__file__).parents[1].joinpath("scenarios/wo-ai-ni.yaml").read_text("utf-8")
    Path("mine.yaml").write_text(text.replace("{optimizer: sgd, lr: 0.1, steps: 100}", train), "utf-8")
    session = Session(tfstep.load("mine.yaml"))
    session.run("train 3")
    session.run("save later.yaml")
    again = Session(tfstep.load("later.yaml"))
    assert leaves(again) == leaves(session)
    session.run("train 4")
    again.run("train 4")
    assert leaves(again) == leaves(session)
    assert again.scenario.variants == session.scenario.variants, "with another optimizer they are run all the same"


def test_variants_that_no_longer_fit_are_left_out() -> None:
    session = Session(tfstep.load("steve-builds-a-house"))
    session.run("train 1")
    assert "left out: a-or-an" in text(session.run("save steve.yaml"), session.trace)
    kept = tfstep.load("steve.yaml").variants
    assert kept == tuple(name for name in session.scenario.variants if name != "a-or-an")


def test_a_variant_that_takes_a_weight_away_stays_loadable_where_the_weights_stand_beside() -> None:
    session = Session(tfstep.load("gpt"))
    session.run("train 1")
    assert "cannot hold" not in text(session.run("save gpt.yaml"), session.trace)
    assert leaves(Session(tfstep.load("gpt.yaml"))) == leaves(session)


def test_no_file_is_replaced_unasked(session: Session) -> None:
    Path("mine.yaml").write_text("precious", "utf-8")
    Path("w.csv").write_text("precious", "utf-8")
    for line in ("save mine.yaml", "export out.b w.csv"):
        with pytest.raises(CommandError, match="already"):
            session.run(line)
    assert Path("mine.yaml").read_text("utf-8") == Path("w.csv").read_text("utf-8") == "precious"
    session.run("save mine.yaml overwrite")
    assert sorted(p.name for p in Path().iterdir()) == ["mine.yaml", "w.csv"], "and nothing is left beside"


@pytest.mark.parametrize(
    "line", ["save", "save mine.txt", "save nowhere/mine.yaml", "export out.b", "export out.b x.foo"]
)
def test_what_cannot_be_written_is_refused(session: Session, line: str, here: Path) -> None:
    with pytest.raises(CommandError):
        session.run(line)
    assert list(here.iterdir()) == []


def test_exports_can_be_read_back(session: Session) -> None:
    for suffix in ("npz", "json", "csv", "txt"):
        session.run(f"export enc0.attn.W_Q w.{suffix}")
    value = session.trace["enc0.attn.W_Q"].value
    with np.load("w.npz") as archive:
        assert np.array_equal(archive["enc0.attn.W_Q"], value)
        assert np.array_equal(archive["enc0.attn.W_Q.grad"], session.trace["enc0.attn.W_Q.grad"].value)
    assert np.array_equal(json.loads(Path("w.json").read_text("utf-8"))["tensors"][0]["value"], value)
    rows = np.genfromtxt("w.csv", delimiter=",", skip_header=1)
    assert np.array_equal(rows[:, 2].reshape(4, 4), value)


# -- the diary -------------------------------------------------------------------------------------

CUT_OFF = """
import os, signal, sys, tfstep
from pathlib import Path
from tfstep.session.change.crash_log import Diary
session = tfstep.Session(tfstep.load("wo-ai-ni"))
session.diary = Diary(Path(sys.argv[1]), session.scenario)
for line in sys.stdin.read().splitlines():
    try:
        session.run(line)
    except tfstep.TfstepError:
        pass
os.kill(os.getpid(), signal.SIGKILL)
"""


def cut_off(folder: Path, lines: list[str]) -> None:
    """A session that is killed after these lines."""
    done = subprocess.run([sys.executable, "-c", CUT_OFF, str(folder)], input="\n".join(lines), text=True, check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.slow
def test_a_killed_session_is_taken_up_again_whole(session: Session, here: Path) -> None:
    edits = [f"set enc0.attn.W_Q[{k // 4},{k % 4}] = {k} + 0.5" for k in range(14)]
    others = [
        "nonsense",
        "goto enc0.attn.weights",
        "variant swapped",
        "train 2",
        "undo",
        "print 7",
        "set out.b[0] = $1",
    ]
    cut_off(here, edits + others)
    session.leftovers = leftovers(here, session.scenario)
    assert "taken up again" in text(session.run("recover"), session.trace)
    expected = Session(tfstep.load("wo-ai-ni"))
    for line in edits + others[1:]:
        expected.run(line)
    assert leaves(session) == leaves(expected)
    assert (session.variant, session.position) == ("swapped", expected.position)
    assert session.journals["base"].changes == expected.journals["base"].changes
    assert len(session.journals["base"].changes) == 14
    assert list(here.iterdir()) == []
    with pytest.raises(CommandError, match="cut off"):
        session.run("recover")


def test_a_training_that_was_stopped_is_taken_up_as_far_as_it_went(session: Session, here: Path) -> None:
    session.diary = Diary(here, session.scenario)

    class Stop(work.Watcher):
        def tell(self, done: int, of: int, note: object) -> None:
            if (done, of) == (3, 5000):
                raise KeyboardInterrupt

    with work.watched(Stop()):
        session.run("train 5000")
    session.run("next")
    (path,) = here.glob("*.jsonl")
    kept = path.read_bytes()
    session.diary.end()
    path.write_bytes(kept)
    again = Session(tfstep.load("wo-ai-ni"))
    again.leftovers = leftovers(here, again.scenario)
    assert again.leftovers[0].lines == ("train 3", "next")
    again.run("recover")
    assert leaves(again) == leaves(session)


def test_a_running_session_and_another_scenario_are_left_alone(session: Session, here: Path) -> None:
    diary = Diary(here, session.scenario)
    diary.write("n")
    assert leftovers(here, session.scenario) == []
    assert leftovers(here, tfstep.load("padding")) == []
    diary.end()
    assert list(here.iterdir()) == []


def test_a_damaged_diary_is_read_as_far_as_it_goes(session: Session, here: Path) -> None:
    cut_off(here, ["n", "n"])
    (path,) = here.glob("*.jsonl")
    path.write_bytes(path.read_bytes() + b'"set enc0.attn.W_Q[0,0')
    (here / "rubbish.jsonl").write_bytes(os.urandom(100))
    (here / "empty.jsonl").touch()
    (found,) = leftovers(here, session.scenario)
    assert found.lines == ("n", "n")


def test_a_folder_that_cannot_be_written_is_no_hindrance(session: Session, here: Path) -> None:
    (here / "file").touch()
    session.diary = Diary(here / "file" / "folder", session.scenario)
    session.run("n")
    assert session.position == (2,)
