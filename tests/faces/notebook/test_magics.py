"""``%load_ext tfstep``: the debugger's lines and scenarios in cells; and the example notebook, run as a whole."""

import pickle
import sys
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError

import tfstep
from tfstep.text import set_language

NOTEBOOKS = Path(__file__).resolve().parents[3] / "docs" / "notebooks"

SCENARIO = """model: {kind: formula, given: {x: 2.0}, parameters: {w: 3.0}, steps: {a: w*x}}
loss: a**2
"""


class Shell:
    """As much of IPython as the extension asks for."""

    def __init__(self) -> None:
        self.user_ns: dict[str, Any] = {}
        self.magics: dict[str, Any] = {}

    def register_magic_function(self, func: Any, magic_kind: str, magic_name: str) -> None:
        assert magic_name == "tfstep"
        self.magics[magic_kind] = func


@pytest.fixture
def shell() -> Any:
    made = Shell()
    tfstep.load_ipython_extension(made)  # type: ignore[attr-defined]  # for IPython alone, and not public
    set_language("en")
    return made


def test_a_line_is_the_debuggers(shell: Shell) -> None:
    line = shell.magics["line"]
    assert line("load wo-ai-ni swapped").variant == "swapped"
    said = line("why enc0.attn.weights[0,0,1,2]")
    assert "enc0.attn.weights" in str(said)
    assert "<pre>" in said._repr_html_()
    assert isinstance(shell.user_ns["session"], tfstep.Session)
    found = line("explain enc0.attn.scores[0,0,1,2]")
    assert found.holds
    assert "<table>" in found._repr_html_()
    line("set enc0.attn.W_Q[0,0] = 5")
    assert shell.user_ns["session"].trace["enc0.attn.W_Q"][0, 0] == 5


def test_a_cell_is_a_scenario(shell: Shell) -> None:
    scenario = shell.magics["cell"]("", SCENARIO)
    assert scenario.model.kind == "formula"
    assert "36" in str(shell.magics["line"]("print loss"))


@pytest.mark.parametrize("made", [tfstep.load, lambda name: tfstep.load(name).document()])
def test_a_variable_is_opened(shell: Shell, made: Any) -> None:
    shell.user_ns["mine"] = made("wo-ai-ni")
    assert shell.magics["line"]("load mine").model.kind == "encoder"
    session = shell.user_ns["session"]
    shell.user_ns["other"] = session
    shell.magics["line"]("load other")
    shell.magics["line"]("set enc0.attn.W_Q[0,0] = 5")
    assert session.trace["enc0.attn.W_Q"][0, 0] == 5


@pytest.mark.parametrize(
    ("text", "said"),
    [("why loss", "no scenario is open"), ("load no-such", "no scenario 'no-such'"), ("load wo-ai-ni nope", "nope")],
)
def test_a_mistake_is_told_without_a_traceback_and_ends_a_run_of_all_cells(shell: Shell, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        shell.magics["line"](text)


def test_a_wrong_scenario_in_a_cell_says_the_line(shell: Shell) -> None:
    with pytest.raises(UsageError, match="cell:2:1"):
        shell.magics["cell"]("", SCENARIO.replace("loss", "lsos"))


def test_what_has_a_picture_is_answered_with_it(shell: Shell) -> None:
    line = shell.magics["line"]
    line("load wo-ai-ni")
    assert 'class="heat"' in line("show enc0.attn.weights")._repr_html_()
    line("set enc0.attn.W_Q[0,0] = 5")
    assert "<table>" in line("diff")._repr_html_()
    assert line("explain enc0.attn.scores[0,0,1,2] 2").terms[0].factors[0].why is not None
    assert line("# nothing") is None


def test_the_language_is_chosen_in_a_notebook(shell: Shell) -> None:
    line = shell.magics["line"]
    line("load wo-ai-ni")
    line("lang zh")
    try:
        assert "前向" in str(line("next"))
        with pytest.raises(UsageError, match="语言是 en 或 zh"):
            line("lang fr")
    finally:
        line("lang en")
    assert "forward" in str(line("next"))


def test_a_session_without_magics_answers_in_words() -> None:
    session = tfstep.Session(tfstep.load("wo-ai-ni"))
    found = session.run("why loss")
    assert str(found).startswith("along the largest share\n  loss ")
    assert repr(found).startswith("<Reasoned: along the largest share loss 1.4385")
    assert len(repr(found)) < 90
    assert "along the largest share" in found._repr_html_()
    assert repr(session.run("# nothing")) == "<Nothing>"
    assert repr(pickle.loads(pickle.dumps(session.run("print loss")))) == "<Value>"


@pytest.mark.parametrize("name", ["first-steps.ipynb", "first-steps.zh.ipynb"])
def test_the_example_runs_and_shows_what_it_says(name: str, tmp_path: Path, monkeypatch: Any) -> None:
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    root = str(NOTEBOOKS.parents[1])
    monkeypatch.setenv("PYTHONPATH", root)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    kernels = tmp_path / "kernels" / "python3"
    kernels.mkdir(parents=True)
    command = f'["{sys.executable}", "-m", "ipykernel_launcher", "-f", "{{connection_file}}"]'
    (kernels / "kernel.json").write_text(f'{{"argv": {command}, "display_name": "Python 3", "language": "python"}}')
    book = nbformat.read(NOTEBOOKS / name, as_version=4)
    nbclient.NotebookClient(book, timeout=120, kernel_name="python3").execute()
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    assert not [
        output for output in outputs if output.output_type in ("error", "stream") and output.get("name") != "stdout"
    ]
    html = [output.data["text/html"] for output in outputs if "text/html" in output.get("data", {})]
    assert len(html) == 10
    assert all('class="tfstep"' in each for each in html)
