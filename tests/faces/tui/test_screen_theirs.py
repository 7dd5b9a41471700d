"""A run of one's own beside this one: theirs, ours, the difference; the cause, the line; from step to step."""

from pathlib import Path

import numpy as np
import pytest
from screens import screen, shown

import tfstep
from tfstep.compare.recorded.note import Note
from tfstep.compare.recorded.writing import write
from tfstep.faces.tui.app import Debugger
from tfstep.text import set_language
from tfstep.view.text.spans import plain


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A run that divides by 2 in place of √2."""
    trace = tfstep.trace(tfstep.load("attention"))
    scores = trace["attn.scores"].value
    e = np.exp(scores / 2)
    a = e / e.sum(-1, keepdims=True)
    arrays = {"x": trace["x"].value, "s": scores, "scaled": scores / 2, "a": a, "out": a @ trace["attn.V"].value}
    write(tmp_path / "mine.safetensors", arrays, {"scaled": Note(line="mine.py:7: scaled = scores / 2")}, {}, ())
    return tmp_path / "mine.safetensors"


def grids(app: Debugger) -> dict[str, np.ndarray]:
    return {grid.title: grid.values for grid in app.state.grids}


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_theirs_beside_ours_and_the_difference(recording: Path, size: tuple[int, int]) -> None:
    async with screen("attn.scores", "attention", size) as (app, pilot):
        await pilot.press("D")
        assert "diagnose FILE" in shown(app, "status")
        app.perform(f"diagnose {recording}")
        await app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.press("escape")
        assert app.session.current.path == "attn.scaled"
        scores = tfstep.trace(tfstep.load("attention"))["attn.scores"].value[0, 0]
        found = grids(app)
        assert list(found) == ["theirs: scaled", "ours", "theirs − ours"]
        assert np.array_equal(found["theirs: scaled"], scores / 2)
        assert np.allclose(found["ours"], scores / np.sqrt(2), rtol=1e-15)
        assert np.array_equal(found["theirs − ours"], found["theirs: scaled"] - found["ours"])
        assert "in the scenario's own run" in shown(app, "why"), "its inputs may be others than theirs"
        heading = shown(app, "heading")
        assert "scale" in heading
        assert "mine.py:7  scaled = scores / 2" in heading, "their line is quoted"
        await pilot.press("n")
        assert app.session.current.path == "attn.weights"
        assert next(iter(grids(app))) == "theirs: a"
        assert "differs for what came before" in shown(app, "heading")
        await pilot.press("p", "p")
        assert "agrees" in shown(app, "heading")
        await pilot.press("D")
        assert app.session.current.path == "attn.scaled", "on to the step that differs"
        await pilot.press("D")
        assert app.state.look.mode == "value"
        assert "theirs: scaled" not in grids(app)
        assert "own run" not in shown(app, "why")


async def test_what_they_did_not_record_is_reckoned_by_the_cause(tmp_path: Path) -> None:
    trace = tfstep.trace(tfstep.load("attention"))
    scores = trace["attn.scores"].value
    e = np.exp(scores)
    a = e / e.sum(-1, keepdims=True)
    np.savez(tmp_path / "mine.npz", x=trace["x"].value, s=scores, a=a, out=a @ trace["attn.V"].value)
    async with screen("attn.scores", "attention") as (app, pilot):
        app.perform(f"diagnose {tmp_path / 'mine.npz'}")
        await app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.press("escape")
        found = grids(app)
        assert next(iter(found)) == "theirs, by the cause"
        assert np.allclose(found["theirs, by the cause"], scores[0, 0], rtol=1e-12)
        assert "scale" in plain(app.state.remarks(100, 8)[0])


@pytest.mark.parametrize(("lang", "said"), [("en", "ours, of their inputs"), ("zh", "我方（用对方的输入）")])
async def test_where_theirs_reads_other_numbers_ours_says_of_which_it_is_made(
    tmp_path: Path, lang: str, said: str
) -> None:
    """Beside it `why` explains the scenario's own number, which is another."""
    trace = tfstep.trace(tfstep.load("attention"))
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(4, 3)), {name: rng.normal(size=(3, 2)) for name in ("W_Q", "W_K", "W_V")}
    q, k = x @ w["W_Q"], x @ w["W_K"]
    np.savez(tmp_path / "mine.npz", x=x, **w, q=q, k=k, scores=q @ k.T, scaled=q @ k.T / 2)
    async with screen("attn.scores", "attention") as (app, pilot):
        set_language(lang)
        app.perform(f"diagnose {tmp_path / 'mine.npz'}")
        await app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.press("escape")
        theirs, ours, _ = grids(app).values()
        assert list(grids(app))[1] == said
        assert np.allclose(theirs, q)
        assert np.allclose(ours, q + trace["attn.b_Q"].value)
        assert not np.allclose(ours, trace["attn.q_proj"].value[0])
