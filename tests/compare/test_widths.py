"""Runs of another size than the scenario: told so in one line, with nothing accused."""

import numpy as np
import pytest

import tfstep
from tfstep.compare.recorded.note import Note
from tfstep.compare.recorded.recording import Recording


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return np.asarray(e / e.sum(-1, keepdims=True))


def by_hand(width: int, heads: int) -> dict[str, np.ndarray]:
    """Attention of four words, as one writes it in NumPy."""
    rng = np.random.default_rng(0)
    x, d = rng.normal(size=(4, width)), width // heads
    q, k, v = (x @ rng.normal(size=(width, width)) for _ in range(3))
    split = [t.reshape(4, heads, d).transpose(1, 0, 2) for t in (q, k, v)]
    s = split[0] @ split[1].swapaxes(-1, -2)
    p = softmax(s / np.sqrt(d))
    return {"x": x, "q": q, "k": k, "v": v, "qh": split[0], "kh": split[1], "vh": split[2], "s": s, "p": p,
            "o": p @ split[2], "y": (p @ split[2]).transpose(1, 0, 2).reshape(4, width)}  # fmt: skip


def of_torch(width: int, heads: int, fast: bool = False) -> Recording:
    """What `tfstep.torch.record` keeps of nn.MultiheadAttention."""
    found, rng, rows = Recording(), np.random.default_rng(1), by_hand(width, heads)
    for name, shape in (("in_proj_weight", (3 * width, width)), ("in_proj_bias", (3 * width,)),
                        ("out_proj.weight", (width, width)), ("out_proj.bias", (width,))):  # fmt: skip
        found.add(name, rng.normal(size=shape).astype(np.float32), Note("weight"))
    found.add("query", rows["x"][None].astype(np.float32), Note("input"))
    for name, key in (("view", "qh"), ("view", "kh"), ("view", "vh"), ("baddbmm", "s"), ("softmax", "p"), ("bmm", "o")):
        if not fast or name == "view":
            found.add(name, rows[key].astype(np.float32), Note(op=name))
    if not fast:
        found.add("mean", rows["p"].mean(0)[None].astype(np.float32), Note(op="mean"))
    return found


@pytest.mark.parametrize(
    ("theirs", "scenario", "said"),
    [
        (by_hand(6, 2), "attention", r"theirs is 6 wide, the scenario 3: .*\(x 4×6, q 4×6, k 4×6 beside x 1×4×3 of"),
        (by_hand(8, 2), "two-heads", "theirs is 8 wide, the scenario 6: .*tfstep new RECORDING"),
        (of_torch(6, 2), "attention", "theirs is 6 wide"),
        (of_torch(4, 4), "two-heads", "theirs is 4 wide, the scenario 6: .*in_proj_weight 12×4"),
        (of_torch(6, 3), "two-heads", r"theirs has 3 heads, the scenario 2: .*\(softmax 3×4×4 beside attn\.weights 1×2×4×4"),
        (of_torch(16, 4), "encoder", "theirs has 4 heads, the scenario 2: .*tfstep new RECORDING"),
        (of_torch(16, 4, fast=True), "encoder", "theirs has 4 heads, the scenario 2"),
        (by_hand(6, 3), "two-heads", "theirs has 3 heads"),
    ],
)  # fmt: skip
def test_another_width_or_number_of_heads_is_told(theirs: object, scenario: str, said: str) -> None:
    with pytest.raises(tfstep.TfstepError, match=said) as raised:
        tfstep.diagnose(scenario, theirs)
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.slow
def test_the_mean_over_the_heads_is_no_other_number_of_heads() -> None:
    trace = tfstep.trace(tfstep.load("two-heads"))
    rows = {
        p.rpartition(".")[2]: trace[p].value for p in ("x", "attn.q_proj", "attn.k_proj", "attn.v_proj", "attn.out")
    }
    assert tfstep.diagnose("two-heads", {**rows, "mean": trace["attn.weights"].value.mean(1)}).agrees
