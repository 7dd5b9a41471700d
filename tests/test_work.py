"""What work takes is said before it begins, how far it is on its way, and it stops where somebody wants it to."""

import io
from pathlib import Path

import numpy as np
import pytest

import tfstep
from tfstep import work
from tfstep.engine.plan import Plan
from tfstep.faces.cli.main import main
from tfstep.faces.cli.output import say
from tfstep.faces.cli.watching import Bar
from tfstep.scenario.scenario import Scenario, load_text
from tfstep.scenario.weights.files import write_weights
from tfstep.view.export import json

MODEL = "model: {kind: encoder, layers: LAYERS, d_model: 4, heads: 2, d_ff: 4}\nvocab: [<pad>, a]\ninput: {source: a}\n"
MODELS = Path(__file__).parent / "families" / "models"
TRAINED = "loss: {kind: sum}\n"


class Watching(work.Watcher):
    """Remembers what it is asked and told; stops at the nth thing that it is told."""

    def __init__(self, stop: int = -1) -> None:
        super().__init__()
        self.costs: list[work.Cost] = []
        self.told: list[tuple[int, int, str]] = []
        self.stop = stop

    def agree(self, cost: work.Cost) -> None:
        self.costs.append(cost)

    def tell(self, done: int, of: int, note: object) -> None:
        self.told.append((done, of, str(note)))
        if len(self.told) == self.stop:
            self.up = True


def scenario(layers: int = 1) -> Scenario:
    return load_text(MODEL.replace("LAYERS", str(layers)) + TRAINED)


LINES = {
    "train 30": "loss",
    "check": "slopes compared",
    "landscape out.b[0] out.b[1]": "points",
    "sweep out.b[0] -1 1 9": "points",
    "generate 4": "words",
    "why loss": "cells",
    "diff other-word": "tensors",
}
NOT_COUNTED = ("why loss", "diff other-word")  # the one has bounds of its own, the other is as long as what it compares


@pytest.mark.slow
@pytest.mark.parametrize("line", LINES)
def test_what_takes_long_says_so_before_tells_how_far_it_is_and_stops(line: str) -> None:
    session = tfstep.Session(tfstep.load("causal-mask"))
    watching = Watching()
    with work.watched(watching):
        session.run(line)
    assert any(LINES[line] in note for _, _, note in watching.told)
    assert all(0 <= done <= of for done, of, _ in watching.told)
    if line not in NOT_COUNTED:
        assert max(cost.seconds for cost in watching.costs) > 0
    session = tfstep.Session(tfstep.load("causal-mask"))
    before = session.trace
    stopping = Watching(stop=3)
    if line == "train 30":
        with work.watched(stopping):
            session.run(line)
        assert session.update == 2, "what is done by then is kept"
        return
    if line == "generate 4":
        with work.watched(stopping):
            said = str(session.run(line))
        assert said.endswith("stopped after 2 words"), "and so are the words"
        assert session.trace is before
        return
    with work.watched(stopping), pytest.raises(work.Cancelled):
        session.run(line)
    assert session.trace is before


def test_the_estimate_grows_as_the_work_does() -> None:
    few, many = scenario(1).plan, scenario(8).plan
    assert 5 < many.seconds("forward") / few.seconds("forward") < 8
    assert few.seconds() > few.seconds("forward") + few.seconds("backward")


def test_a_wide_product_is_counted_by_its_products() -> None:
    wide = "model: {kind: mlp, sizes: [1000, 1000]}\ninput: {x: [[" + "0, " * 999 + "0]]}\n"
    assert load_text(wide).plan.seconds("forward") > 1e6 * 1e-10


def slow(plan: Plan, phase: str = "", together: bool = False) -> float:
    return 1000.0


def test_without_a_person_long_work_needs_yes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Plan, "seconds", slow)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert main(["check", "hill"]) == 2
    assert "of work; `--yes` begins it" in capsys.readouterr().err
    assert main(["check", "hill", "--yes"]) == 0
    assert main(["--yes", "train", "hill", "--steps", "3"]) == 0
    assert main(["repl", "hill", "--batch", "-c", "train 3"]) == 1
    assert main(["repl", "hill", "--batch", "-c", "train 3", "--yes"]) == 0


@pytest.mark.slow
def test_much_output_needs_yes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(work, "MUCH", 1000)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    for format in ("json", "csv", "html", "svg", "npz", "markdown", "latex", "table"):
        file = tmp_path / f"all.{format}"
        assert main(["dump", "wo-ai-ni", "*", "--format", format, "-o", str(file)]) == 2
        assert not file.exists()
        assert main(["dump", "wo-ai-ni", "*", "--format", format, "-o", str(file), "--yes"]) == 0
        assert file.exists()


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (["train", "wo-ai-ni", "--steps", "1", "-o", "out.npz"], "out.npz"),
        (["export", str(MODELS / "gpt2"), "--to", "hf", "-o", "folder"], "folder"),
        (["repl", "wo-ai-ni", "--batch", "-c", "export src.E out.json"], "out.json"),
        (["repl", "wide.yaml", "--batch", "-c", "train 1", "-c", "save out.yaml"], "out.yaml"),
    ],
)
def test_much_that_is_written_aside_needs_yes(
    words: list[str], left: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(work, "MUCH", 50)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wide.yaml").write_text(MODEL.replace("LAYERS", "1").replace("d_model: 4", "d_model: 64") + TRAINED)
    assert main(words) in (1, 2)
    assert not (tmp_path / left).exists()
    assert main([*words, "--yes"]) == 0
    assert (tmp_path / left).exists()


def test_the_numbers_beside_a_program_need_yes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(work, "MUCH", 50)
    monkeypatch.setattr("tfstep.code.writer.MOST_INLINE", 3)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    file = tmp_path / "mine.py"
    assert main(["code", "wo-ai-ni", "-o", str(file)]) == 2
    assert not list(tmp_path.iterdir())
    assert main(["code", "wo-ai-ni", "-o", str(file), "--yes"]) == 0
    assert sorted(each.name for each in tmp_path.iterdir()) == ["mine.npz", "mine.py"]


def test_a_large_tensor_becomes_json_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = tfstep.load("wo-ai-ni").program.trace()
    tensors = [trace[path] for path in ("enc0.attn.weights", "src.tokens", "loss", "enc0.ffn.b_1", "src.E")]
    whole = list(json.dump("a", "base", trace, tensors, True))
    monkeypatch.setattr(json, "PIECE", 3)
    pieces = list(json.dump("a", "base", trace, tensors, True))
    assert "".join(pieces) == "".join(whole)
    assert len(pieces) > len(whole) + 20


def test_a_line_is_drawn_after_a_while_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out, now = Terminal(), [0.0]
    monkeypatch.setattr("sys.stderr", out)
    monkeypatch.setattr("tfstep.faces.cli.watching.time.monotonic", lambda: now[0])
    bar = Bar()
    bar.tell(1, 10, work.NOTHING)
    assert out.getvalue() == "", "nothing before .3 s"
    now[0] = 0.5
    bar.tell(5, 10, work.NOTHING)
    assert "5/10" in out.getvalue()
    now[0] = 0.55
    bar.tell(6, 10, work.NOTHING)
    assert "6/10" not in out.getvalue(), "ten times a second"
    now[0] = 0.7
    bar.within(0.5)
    assert out.getvalue().count("█") == 15 + 19, "half of the seventh of ten, of thirty places"
    bar.close()
    assert out.getvalue().endswith("\r\x1b[K")


def test_a_part_that_takes_long_says_how_far_it_is_within_what_is_counted() -> None:
    class Inner(Watching):
        def within(self, share: float) -> None:
            shares.append(share)

    shares: list[float] = []
    with work.watched(Inner()):
        tfstep.Session(tfstep.load("causal-mask")).run("train 2")
    assert len(shares) > 50
    assert 0 <= min(shares) <= max(shares) < 1


@pytest.mark.parametrize("name", ["w.npz", "w.safetensors"])
def test_writing_tells_how_far_it_is_and_leaves_nothing_where_it_is_stopped(name: str, tmp_path: Path) -> None:
    arrays = {f"a{k}": np.arange(3.0) for k in range(5)}
    telling, stopping = Watching(), Watching(stop=3)
    with work.watched(telling):
        write_weights(tmp_path / f"whole-{name}", arrays)
    assert [done for done, *_ in telling.told] == [0, 1, 2, 3, 4]
    with work.watched(stopping), pytest.raises(work.Cancelled):
        write_weights(tmp_path / name, arrays)
    assert [each.name for each in tmp_path.iterdir()] == [f"whole-{name}"]


def test_a_message_does_not_stand_behind_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    bar, closed = Bar(), []
    monkeypatch.setattr(bar, "close", lambda: closed.append(True))
    with work.watched(bar):
        say("done")
    assert closed


def test_an_interruption_says_what_was_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def broken_off(*parts: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tfstep.session.change.training.Training.run", broken_off)
    file = tmp_path / "w.npz"
    assert main(["train", "hill", "-o", str(file)]) == 130
    assert "interrupted; no file was written" in capsys.readouterr().err
    assert main(["train", "hill"]) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "interrupted"
    assert not file.exists()


def test_what_is_broken_off_leaves_no_half_of_anything_behind() -> None:
    """The steps that an edit reaches are found once: a search that is broken off is not taken for the whole of it."""
    plan = scenario().plan

    class Broken(list):  # type: ignore[type-arg]  # of nodes; what is in it does not matter
        def __getitem__(self, at: object) -> object:
            return (node if k < 5 else 1 / 0 for k, node in enumerate(list.__getitem__(self, at)))  # type: ignore[index]  # a slice

    slot, nodes = plan.paths["src.E"].slot, plan.nodes
    plan.nodes = Broken(nodes)
    with pytest.raises(ZeroDivisionError):
        plan.downstream({slot})
    plan.nodes = nodes
    assert plan.paths["loss"].slot in plan.downstream({slot})


@pytest.mark.slow
def test_a_large_tensor_is_a_window_in_a_page_and_a_picture() -> None:
    from tfstep.view.export import html, svg

    rows = np.arange(200 * 70.0).reshape(200, 70).tolist()
    trace = tfstep.trace(load_text(f"model: {{kind: mlp, sizes: [70, 2]}}\ninput: {{x: {rows}}}\n"))
    page = "".join(html.page("t", [trace["x"]], False, 4))
    assert page.count("<td style") == 32 * 32
    assert "the first 32 × 32 of 200 × 70; json, csv and npz have all" in page
    assert "the first 64 × 64 of 200 × 70" in svg.picture("t", [trace["x"]], False, 4)


def test_the_weights_of_a_large_model_are_drawn_when_they_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tfstep.scenario.weights.start.AT_ONCE", 10)
    late = tfstep.trace(scenario())
    monkeypatch.undo()
    assert late.stale(late.plan.paths["loss"].slot)
    assert late["src.x"].value.shape == (1, 1, 4)
    assert late.stale(late.plan.paths["enc0.attn.W_Q"].slot), "only what the tensor is made from"
    once = tfstep.trace(scenario())
    assert all(np.array_equal(late[path].value, once[path].value) for path in once)
