"""Every scenario that ships, as a program without tfstep: the same arrays, gradients and new parameters."""

import ast
import io
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest
from recorded import opened
from written_runs import KEYS, MODELS, NAMES, PARTS, TOLD, reading

import tfstep
from tfstep.code.arrays import WIDTH, Library, made, numbers
from tfstep.code.lines import number
from tfstep.code.program import Written, steps_only, whole
from tfstep.engine.op import CATALOGUE
from tfstep.engine.trace import Trace
from tfstep.scenario.file.catalog import shipped
from tfstep.scenario.scenario import load_text


def run(written: Written) -> tuple[dict[str, np.ndarray], str]:
    """What a program leaves in T, and what it prints."""
    printed = io.StringIO()
    text = written.text.replace('NUMBERS = np.load(Path(__file__).with_suffix(".npz"))', "")
    assert "tfstep" not in [
        name.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import) for name in node.names
    ]
    space = {"NUMBERS": written.arrays}
    with redirect_stdout(printed), np.errstate(all="ignore"):
        exec(compile(text, "program", "exec"), space)
    return space["T"], printed.getvalue()


def differences(trace: Trace, found: dict[str, np.ndarray], bound: float = 1e-12) -> list[str]:
    """The tensors that a program does not give within the bound, or lacks."""
    wrong = []
    for node in trace.plan.nodes:
        if node.path not in found:
            wrong.append(f"{node.path} is missing")
            continue
        theirs, ours = np.asarray(found[node.path]), trace.value(node.slot)
        size = np.abs(ours[np.isfinite(ours)]).max(initial=0.0) + 1 if ours.dtype.kind == "f" else 0
        if theirs.shape != ours.shape or not np.allclose(theirs, ours, rtol=0, atol=bound * size, equal_nan=True):
            wrong.append(node.path)
    return wrong


@pytest.mark.parametrize("name", shipped())
def test_a_program_gives_the_numbers_of_its_scenario(name: str) -> None:
    for variant in tfstep.load(name).variants:
        scenario = tfstep.load(name, variant)
        trace = tfstep.trace(scenario)
        found, printed = run(whole(trace, name))
        assert (variant, differences(trace, found, 1e-12 if scenario.model.dtype == "float64" else 1e-5)) == (
            variant,
            [],
        )
        if "loss" in trace.plan.paths:
            assert printed == f"loss = {float(trace['loss'].value)!r}\n" or scenario.model.dtype == "float32"


@pytest.mark.parametrize("name", MODELS)
def test_a_program_gives_the_numbers_of_a_model_opened_from_its_folder(name: str) -> None:
    """In PyTorch, too: `python tests/code/torch_programs.py`, with torch installed."""
    trace = tfstep.trace(opened(name))
    found, printed = run(whole(trace, name))
    assert differences(trace, found) == []
    assert printed == f"loss = {float(trace['loss'].value)!r}\n"


def test_pins_and_edited_gradients_are_lines_of_the_program() -> None:
    session = tfstep.Session(tfstep.load("wo-ai-ni"))
    for line in (
        "set enc0.attn.weights[0,0,1,2] = 0.5",
        "set enc0.attn.V.grad[0,0,0,0] = 3",
        "set enc0.attn.W_Q[0,1] = nan",
        "undo",
    ):
        session.run(line)
    found, _ = run(whole(session.trace, "pinned"))
    assert differences(session.trace, found) == []
    assert found["enc0.attn.weights"][0, 0, 1, 2] == 0.5


@pytest.mark.parametrize("text", PARTS)
def test_every_kind_of_part_has_its_code(text: str) -> None:
    trace = tfstep.trace(load_text(text))
    found, _ = run(whole(trace, "part"))
    assert differences(trace, found, 1e-12 if "float32" not in text else 1e-5) == []


def test_a_tensor_that_is_called_like_a_function_is_none() -> None:
    for dtype in ("float64", "float16"):
        trace = load_text(NAMES.replace("kind: formula", f"kind: formula, dtype: {dtype}")).program.trace()
        written = whole(trace, "names")
        assert "\nsoftmax_ = " in written.text
        assert differences(trace, run(written)[0]) == []


def test_every_primitive_has_a_line_in_both_libraries() -> None:
    attrs = {"axis": -1, "start": 0, "stop": 1, "step": 1}
    for library in Library:
        bare = [op.name for op in CATALOGUE.ops.values() if op.primitive and not op.line(library, attrs)]
        assert bare == []


def test_numbers_that_are_many_stand_beside_the_program(tmp_path: Path) -> None:
    file = tmp_path / "wide.yaml"
    file.write_text(
        "{model: {kind: mlp, sizes: [60, 60]}, input: {x: 0}, loss: {kind: sum}}".replace("x: 0", f"x: {[[1] * 60]}")
    )
    line = [sys.executable, "-m", "tfstep", "code", str(file), "--lang", "en"]
    refused = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "-o FILE" in refused.stderr
    subprocess.run([*line, "-o", str(tmp_path / "run.py")], check=True, capture_output=True)
    assert (tmp_path / "run.py").read_text().startswith('"""(wide, base)"""\n'), "a scenario without a title"
    done = subprocess.run([sys.executable, str(tmp_path / "run.py")], capture_output=True, text=True, check=True)
    assert done.stdout == f"loss = {float(tfstep.trace(tfstep.load(file))['loss'].value)!r}\n"


def test_lines_of_single_steps() -> None:
    line = [sys.executable, "-m", "tfstep", "code", "wo-ai-ni", "enc0.attn.scores", "enc0.attn.Q.grad"]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "enc0_attn_scores = enc0_attn_Q @ enc0_attn_K.swapaxes(-1, -2)  # (batch 1, head 1, query 3, key 3)",
        "d_enc0_attn_Q = d_enc0_attn_scores @ enc0_attn_K  # (batch 1, head 1, position 3, d_k 4)",
    ]


def test_the_debugger_shows_the_lines_of_where_one_is() -> None:
    session = tfstep.Session(tfstep.load("wo-ai-ni"))
    session.run("goto enc0.attn.weights")
    text = "\n".join(str(each) for each in session.run("code").texts)
    assert "def softmax(x):" in text
    assert "d_enc0_attn_weights = " in text


def test_in_pytorch_the_line_of_a_gradient_asks_autograd() -> None:
    trace = tfstep.trace(tfstep.load("wo-ai-ni"))
    nodes = [trace.plan.paths[path] for path in ("enc0.attn.weights", "enc0.attn.weights.grad")]
    assert steps_only(trace, nodes, Library.TORCH).splitlines() == [
        "enc0_attn_weights = torch.softmax(enc0_attn_masked, dim=-1)  # (batch 1, head 1, query 3, key 3)",
        "d_enc0_attn_weights = enc0_attn_weights.grad  # (batch 1, head 1, query 3, key 3)",
    ]


@pytest.mark.parametrize(("keys", "told"), [*((each, "") for each in KEYS), *(("", each) for each in TOLD)])
def test_a_program_has_all_of_training_losses_and_masks(keys: str, told: str) -> None:
    trace = load_text(reading(keys, told)).program.trace()
    found, _ = run(whole(trace, "program"))
    assert not differences(trace, found)


CAUSAL = np.triu(np.full((2, 1, 3, 3), 2, np.int8), k=1)
MADE = [
    (np.zeros(4), "np.zeros(4)"),
    (np.zeros((2, 3), np.float32), "np.zeros((2, 3), dtype=np.float32)"),
    (np.ones((1, 2), bool), "np.ones((1, 2), dtype=bool)"),
    (np.eye(3), "np.eye(3)"),
    (CAUSAL, "2 * np.triu(np.ones((2, 1, 3, 3), dtype=np.int8), k=1)"),
    (np.arange(3), "np.arange(3)"),
    (np.arange(3)[None], "np.arange(3).reshape((1, 3))"),
    (np.zeros((0, 2), np.int64), "np.zeros((0, 2), dtype=np.int64)"),
    (np.array([0.0, -0.0]), ""),
    (np.array(0.0), ""),
    (CAUSAL[:, :, ::-1], ""),
    (np.arange(4).reshape(2, 2), ""),
    (np.array([1.0, np.nan]), ""),
]


@pytest.mark.parametrize(("value", "line"), MADE)
def test_an_array_that_a_call_makes_to_the_bit_has_no_numbers(value: np.ndarray, line: str) -> None:
    assert made(value, Library.NUMPY) == line
    text = line or numbers(value, Library.NUMPY)
    found = eval(text, {"np": np})
    assert (found.dtype, found.shape, found.tobytes()) == (value.dtype, value.shape, value.tobytes())


@pytest.mark.parametrize("shape", [(40,), (3, 4), (9, 9), (2, 3, 30), (2, 2, 2, 9)])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "bool"])
def test_numbers_that_fill_more_than_a_line_are_folded(shape: tuple[int, ...], dtype: str) -> None:
    value = (np.random.default_rng(1).normal(size=shape) * 100).astype(dtype)
    if value.dtype.kind == "f":
        value.flat[:3] = [-0.0, np.inf, -np.inf]
    text = numbers(value, Library.NUMPY, begun=20, comment="  # (in, out)")
    assert max(map(len, text.splitlines())) <= WIDTH
    found = eval(text, {"np": np})
    assert (found.dtype, found.shape, found.tobytes()) == (value.dtype, value.shape, value.tobytes())


def test_what_is_equal_stands_once() -> None:
    lines = whole(tfstep.trace(tfstep.load("the-ball-is-blue")), "once").text.splitlines()
    assert [line.partition("  #")[0] for line in lines if "_mask = " in line and not line.startswith("d_")] == [
        "enc0_attn_mask = np.zeros((1, 1, 4, 4), dtype=np.int8)",
        "dec0_attn_mask = 2 * np.triu(np.ones((1, 1, 4, 4), dtype=np.int8), k=1)",
        "dec0_cross_mask = enc0_attn_mask",
        "dec1_attn_mask = dec0_attn_mask",
        "dec1_cross_mask = enc0_attn_mask",
    ]
    adam = whole(tfstep.trace(tfstep.load("steve-builds-a-house")), "once").text
    assert "\nsrc_E_m_before = np.zeros_like(src_E)  #" in adam


@pytest.mark.parametrize(
    ("value", "written"),
    [(2**0.5, "math.sqrt(2)"), (2.0, "2.0"), (-(2**0.5), repr(-(2**0.5))), (1.5, "1.5"), (np.nextafter(2**0.5, 2), "")],
)
def test_a_root_is_written_as_one_where_it_is_it_to_the_bit(value: float, written: str) -> None:
    assert number(float(value)) == (written or repr(float(value)))
