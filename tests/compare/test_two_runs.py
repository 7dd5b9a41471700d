"""Two runs in one recording are told from one that is wrong, whatever their arrays are called; and a run whose input is
not recorded is judged from where it is."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

import tfstep

Rows = dict[str, np.ndarray]


def own(x: np.ndarray, wrong: bool = False) -> Rows:
    """Attention in six lines, with the numbers of the shipped scenario."""
    t = tfstep.trace(tfstep.load("attention"))
    q, k, v = (x @ t[f"attn.W_{n}"].value + t[f"attn.b_{n}"].value for n in "QKV")
    s = q @ k.T
    z = s if wrong else s / np.sqrt(q.shape[-1])
    p = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
    return {"q": q, "k": k, "v": v, "s": s, "z": z, "p": p, "o": p @ v}


def inputs() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x = tfstep.trace(tfstep.load("attention"))["x"].value[0]
    rng = np.random.default_rng(0)
    return x, x + rng.normal(0, 0.3, x.shape), x + 0.5


def interleaved(one: Rows, other: Rows) -> Rows:
    return {name: row for k in one for name, row in ((k, one[k]), (k + "2", other[k]))}


def prefixed(one: Rows, other: Rows) -> Rows:
    return {name: row for k in one for name, row in (("a_" + k, one[k]), ("b_" + k, other[k]))}


def behind(one: Rows, other: Rows) -> Rows:
    return {**one, **{k + "_again": row for k, row in other.items()}}


def numbered(one: Rows, other: Rows) -> Rows:
    return {f"arr_{n}": row for n, row in enumerate(row for k in one for row in (one[k], other[k]))}


def pairs() -> Iterator[tuple[Rows, Rows]]:
    x, y, z = inputs()
    yield own(x), own(y)
    yield own(y), own(x)
    yield own(x, wrong=True), own(y)
    yield own(x), own(y, wrong=True)
    yield own(x, wrong=True), own(y, wrong=True)
    yield own(x), own(x, wrong=True)
    yield {"x": x, **own(x)}, {"x": y, **own(y)}
    yield {"x": y, **own(y)}, {"x": z, **own(z)}


@pytest.mark.slow
@pytest.mark.parametrize("lay", [interleaved, prefixed, behind, numbered])
@pytest.mark.parametrize("pair", range(8))
def test_two_runs_in_one_file_are_refused(lay: Callable[[Rows, Rows], Rows], pair: int) -> None:
    with pytest.raises(tfstep.TfstepError, match="two runs in one file"):
        tfstep.diagnose("attention", lay(*list(pairs())[pair]))


@pytest.mark.slow
def test_two_runs_whose_input_is_not_recorded_are_refused() -> None:
    _, y, z = inputs()
    with pytest.raises(tfstep.TfstepError, match="two runs in one file"):
        tfstep.diagnose("attention", interleaved(own(y), own(z)))


def test_the_same_run_twice_agrees() -> None:
    x, _, _ = inputs()
    assert tfstep.diagnose("attention", behind(own(x), own(x))).agrees


@pytest.mark.slow
def test_what_is_the_readers_own_is_no_second_run() -> None:
    x, _, _ = inputs()
    rng = np.random.default_rng(1)
    extra = {f"debug{n}": rng.normal(size=row.shape) for n, row in enumerate(own(x).values())}
    found = tfstep.diagnose("attention", {**own(x), **extra})
    assert found.agrees
    assert set(found.unmatched) == set(extra)


@pytest.mark.slow
def test_a_run_of_another_input_that_is_not_recorded_is_judged_from_where_it_is() -> None:
    _, y, _ = inputs()
    found = tfstep.diagnose("attention", own(y))
    assert found.agrees
    assert "q, k, v are taken as they are: what they are made of, x, is not recorded" in str(found)
    found = tfstep.diagnose("attention", own(y, wrong=True))
    assert [(cause.kind, cause.path) for cause in found.causes] == [("scale", "attn.scaled")]
