"""What parameters start from: init, then file, then set; and what fits no parameter."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tfstep.engine.arrays.leaves import Later
from tfstep.engine.node import Role
from tfstep.scenario.file.mistakes import Mistakes
from tfstep.scenario.scenario import Scenario, load, load_text
from tfstep.scenario.weights import start
from tfstep.scenario.weights.files import write_weights
from tfstep.scenario.weights.start import initial
from tfstep.scenario.weights.streams import normals, stream, uniforms
from tfstep.work import Glance, NotYetError, watched

Make = Callable[..., Scenario]
DOUBLE = np.dtype("float64")


@dataclass
class Parameter:
    path: str
    shape: tuple[int, ...]
    role: Role
    dtype: np.dtype = DOUBLE


ALL = [
    Parameter("src.E", (4, 3), Role("embedding")),
    Parameter("enc0.attn.W_Q", (3, 5), Role("weight")),
    Parameter("enc0.attn.b_Q", (5,), Role("bias")),
    Parameter("enc0.norm1.gamma", (3,), Role("one")),
    Parameter("enc0.norm1.beta", (3,), Role("zero")),
]


def drawn(scenario: Scenario, parameters: list[Parameter] = ALL) -> dict[str, np.ndarray]:
    values, _ = initial(parameters, scenario.weights, scenario.error_at, scenario.model)
    return values


def raw(path: str, n: int, seed: int = 0) -> np.ndarray:
    return uniforms(stream(seed, path), n) * 2.0 - 1.0


def test_every_init_has_its_formula_and_leaves_biases_and_norms(scenario: Make) -> None:
    for init, expected in (
        ("xavier", raw("enc0.attn.W_Q", 15) * np.sqrt(6 / 8)),
        ("normal", normals(stream(0, "enc0.attn.W_Q"), 15)),
        ("{normal: 0.02}", normals(stream(0, "enc0.attn.W_Q"), 15) * 0.02),
        ("uniform", raw("enc0.attn.W_Q", 15) / np.sqrt(3)),
        ("{uniform: 0.1}", raw("enc0.attn.W_Q", 15) * 0.1),
        ("zeros", np.zeros(15)),
    ):
        values = drawn(scenario(f"weights: {{init: {init}}}\n"))
        assert np.allclose(values["enc0.attn.W_Q"], expected.reshape(3, 5), rtol=1e-15, atol=0), init
        assert (values["enc0.attn.b_Q"] == 0).all()
        assert (values["enc0.norm1.gamma"] == 1).all()
        assert (values["enc0.norm1.beta"] == 0).all()


def test_no_parameter_changes_another_ones_start(scenario: Make) -> None:
    base = drawn(scenario())
    fewer = drawn(scenario("weights: {set: {src.E: {normal: 3}, enc0.attn.b_Q: ones}}\n"), ALL[:3][::-1])
    assert (base["enc0.attn.W_Q"] == fewer["enc0.attn.W_Q"]).all()
    assert (base["src.E"] != drawn(scenario("weights: {seed: 1}\n"))["src.E"]).all()


@pytest.mark.parametrize(
    ("path", "written", "expected"),
    [
        ("enc0.attn.W_Q", "identity", np.eye(3, 5)),
        ("enc0.attn.W_Q", "zeros", np.zeros((3, 5))),
        ("enc0.attn.b_Q", "ones", np.ones(5)),
        ("enc0.attn.b_Q", "{constant: -2}", np.full(5, -2.0)),
        ("enc0.attn.b_Q", "0.25", np.full(5, 0.25)),
        ("enc0.attn.b_Q", "[1, 2, 3, 4, 5]", np.arange(1.0, 6.0)),
        ("enc0.norm1.gamma", "{uniform: 2}", raw("enc0.norm1.gamma", 3) * 2),
        ("enc0.norm1.beta", "normal", normals(stream(0, "enc0.norm1.beta"), 3)),
    ],
)
def test_set_fills_one_parameter(scenario: Make, path: str, written: str, expected: np.ndarray) -> None:
    values = drawn(scenario(f"weights: {{set: {{{path}: {written}}}}}\n"))
    assert np.allclose(values[path], expected, rtol=1e-15, atol=0)
    assert values[path].shape == expected.shape


def test_values_have_the_type_of_the_parameter(scenario: Make) -> None:
    single = [Parameter(p.path, p.shape, p.role, np.dtype("float32")) for p in ALL]
    values = drawn(scenario("weights: {set: {enc0.attn.W_Q: identity}}\n"), single)
    assert {value.dtype.name for value in values.values()} == {"float32"}
    assert (values["src.E"] == drawn(scenario())["src.E"].astype(np.float32)).all()


def test_a_formulas_own_start_is_kept(scenario: Make) -> None:
    made = scenario("weights: {set: {src.E: 1}}\n")
    start = {"src.E": np.zeros((4, 3)), "enc0.attn.W_Q": np.full((3, 5), 7.0)}
    values, _ = initial(ALL, made.weights, made.error_at, made.model, start)
    assert (values["src.E"] == 1).all()
    assert (values["enc0.attn.W_Q"] == 7).all()


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        ("enc0.attn.W_q: zeros", 17, "no parameter enc0.attn.W_q (did you mean enc0.attn.W_Q, of shape (3, 5)?)"),
        ("zzz: zeros", 17, "no parameter zzz; there are src.E, enc0.attn.W_Q"),
        ("src.E: [[1, 2], [3, 4]]", 24, "numbers of shape (2, 2); (4, 3) is needed"),
        ("enc0.attn.b_Q: identity", 32, "identity for a parameter of shape (5,)"),
    ],
)
def test_what_fits_no_parameter_is_told_at_its_place(scenario: Make, line: str, column: int, words: str) -> None:
    with pytest.raises(Mistakes) as caught:
        drawn(scenario(f"weights: {{set: {{{line}}}}}\n"))
    (mistake,) = caught.value.mistakes
    assert (mistake.place.line, mistake.place.column) == (5, column)
    assert words in str(mistake)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_a_file_comes_after_init_and_before_set(tmp_path: Path, head: str, suffix: str) -> None:
    arrays = {"src.E": np.arange(12.0).reshape(4, 3), "enc0.attn.b_Q": np.arange(5, dtype=np.float32)}
    write_weights(tmp_path / f"w{suffix}", arrays)
    (tmp_path / "s.yaml").write_text(
        head + f"weights:\n  file: w{suffix}\n  partial: true\n  set: {{enc0.attn.b_Q: ones}}\n"
    )
    values = drawn(load(tmp_path / "s.yaml"))
    assert (values["src.E"] == arrays["src.E"]).all()
    assert (values["enc0.attn.b_Q"] == 1).all()
    assert (values["enc0.attn.W_Q"] != 0).all()


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_what_is_wrong_in_a_file_is_told_all_at_once(tmp_path: Path, head: str, suffix: str) -> None:
    write_weights(tmp_path / f"w{suffix}", {"src.F": np.zeros((4, 3)), "enc0.attn.b_Q": np.zeros(6)})
    path = tmp_path / "s.yaml"
    path.write_text(head + f"weights:\n  file: w{suffix}\n  set: {{x: ones}}\n")
    with pytest.raises(Mistakes) as caught:
        drawn(load(path))
    assert [str(mistake) for mistake in caught.value.mistakes] == [
        f"{path}:6:9: w{suffix}: no parameter src.F (did you mean src.E, of shape (4, 3)?)",
        f"{path}:6:9: w{suffix}: enc0.attn.b_Q: numbers of shape (6,); (5,) is needed",
        f"{path}:7:9: no parameter x; there are src.E, enc0.attn.W_Q, enc0.attn.b_Q, enc0.norm1.gamma, enc0.norm1.beta",
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no.npz", "there is no such file"),
        ("w.h5", "'.h5' is no weights file"),
        ("w.pt", "a pickle, which can run any code"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_at_its_key(tmp_path: Path, head: str, name: str, words: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(head + f"weights: {{file: {name}}}\n")
    with pytest.raises(Mistakes) as caught:
        drawn(load(path))
    assert str(caught.value).startswith(f"{path}:5:17: {name}: {words}")


def test_what_is_drawn_later_is_drawn_part_by_part_for_as_long_as_somebody_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = scenario_of("normal: 0.5")
    at_once = load_text(text).program.trace()
    monkeypatch.setattr(start, "AT_ONCE", 0)
    program = load_text(text).program
    node = program.plan.paths["layer0.W"]
    leaf = program.plan.later[node.slot]
    seen = 0
    while True:
        with watched(Glance(1e-9)):  # one step at a time
            try:
                drawn = leaf()
                break
            except NotYetError:
                seen += 1
    assert seen >= 3, "parts of 65,536 numbers"
    assert not drawn.flags.writeable
    assert leaf() is drawn
    assert drawn.tobytes() == at_once["layer0.W"].value.tobytes()


@pytest.mark.parametrize("broken", [KeyboardInterrupt, MemoryError])
def test_parts_that_were_broken_off_begin_anew(broken: type[BaseException]) -> None:
    breaks = [broken]

    def parts() -> Iterator[np.ndarray | None]:
        array = np.zeros(2)
        array[0] += 1
        yield None
        if breaks:
            raise breaks.pop()
        array[1] += 1
        yield array

    leaf = Later(parts)
    with pytest.raises(broken):
        leaf()
    assert leaf().tolist() == [1, 1]


def test_who_waits_a_moment_goes_on_beside_one_who_waits_for_all_parts() -> None:
    begun, end = threading.Event(), threading.Event()

    def parts() -> Iterator[np.ndarray | None]:
        for _ in range(400):
            begun.set()
            if not end.is_set():
                time.sleep(0.01)
            yield None
        yield np.ones(2)

    leaf = Later(parts)
    other = threading.Thread(target=leaf)
    other.start()
    assert begun.wait(10)
    with watched(Glance(0.01)), pytest.raises(NotYetError):
        leaf()
    there = leaf._value is not None
    end.set()
    other.join()
    assert not there
    assert leaf().tolist() == [1, 1]


def scenario_of(init: str) -> str:
    xs = ", ".join(["1"] * 512)
    return (
        "tfstep: 1\nmodel: {kind: mlp, sizes: [512, 512], activation: identity, dtype: float32}\n"
        f"input: {{x: [{xs}]}}\nloss: {{kind: none}}\nweights: {{init: {{{init}}}}}\n"
    )
