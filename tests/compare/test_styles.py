"""Right code is never accused, however it is written; and of one mistake, one cause. Recorded by `make_styles.py`."""

import json
from pathlib import Path

import numpy as np
import pytest

import tfstep
from tfstep.compare.proposed.propose import propose
from tfstep.compare.recorded.reading import read
from tfstep.scenario.scenario import Scenario, load_text

FOLDER = Path(__file__).with_name("styles")
NAMES = sorted(path.stem for path in FOLDER.iterdir())
RIGHT = [name for name in NAMES if not name.startswith("wrong")]
WRONG = {
    "scale-1": "scale", "scale-d": "scale", "dropout": "dropout", "mask-missing": "mask-missing",
    "mask-inverted": "mask-inverted", "mask-added": "mask-added", "mask-shifted": "mask-shifted",
    "few_keys-groups": "heads-reshaped", "by_group-groups": "heads-reshaped",
    **{f"{lay}-{bug}": kind for lay in ("behind", "by_head")
       for bug, kind in (("q-and-k", "swapped"), ("k-and-v", "swapped"), ("scale", "scale"))},
    "variance": "norm-variance", "network": "scale",
}  # fmt: skip


def ours(name: str = "sdpa", **model: object) -> Scenario:
    """Attention over what all of these read; a block with ``kind``."""
    x = read(FOLDER / f"{name}.safetensors")["x"]
    usual = {"kind": "attention", "d_model": 8, "heads": 4, "output": True, "mask": {"causal": True}}
    if "kind" in model:
        usual = {"d_model": 8, "heads": 4, "d_ff": 12, "positional": "none", "final_norm": False, "head": False}
    text = {"model": {**usual, **model}, "input": {"x": x.tolist()}, "loss": {"kind": "none"}, "weights": {"seed": 1}}
    return load_text(json.dumps(text), "ours")


def test_there_are_enough() -> None:
    assert len(RIGHT) >= 60
    assert set(WRONG) == {name.removeprefix("wrong-") for name in NAMES} - set(RIGHT)


@pytest.mark.parametrize("name", RIGHT)
def test_right_code_is_not_accused(name: str) -> None:
    found = tfstep.diagnose(read(FOLDER / f"{name}.safetensors"))
    assert found.agrees, str(found)
    assert {match.path.rpartition(".")[2] for match in found.matched} >= {"out"}


@pytest.mark.parametrize("name", WRONG)
def test_one_mistake_has_one_cause(name: str) -> None:
    kept = read(FOLDER / f"wrong-{name}.safetensors")
    if name in ("variance", "network"):
        given = ours(kind="decoder", norm_position="pre")
    else:
        given = ours(kv_heads=2 if name.endswith("groups") else 4)
    assert [cause.kind for cause in tfstep.diagnose(given, kept).causes] == [WRONG[name]]


@pytest.mark.parametrize("theirs", ["pre", "post", "output"])
@pytest.mark.parametrize("own", ["pre", "post", "output", "both"])
def test_where_the_norm_stands_is_said_of_every_pair(theirs: str, own: str) -> None:
    found = tfstep.diagnose(
        ours(kind="decoder", norm_position=own, eps=1e-3), read(FOLDER / f"block-{theirs}.safetensors")
    )
    assert [cause.kind for cause in found.causes] == ["norm-place"] * (theirs != own)


@pytest.mark.parametrize("place", ["pre", "post", "output"])
def test_a_scenario_is_proposed_for_each_place(place: str) -> None:
    model = propose(read(FOLDER / f"block-{place}.safetensors")).keys["model"]
    assert (model["norm_position"], model["eps"]) == (place, 1e-3)


@pytest.mark.parametrize("name", ["block-two-eps", "block-two-eps-by-hand"])
def test_an_eps_of_its_own_is_told_and_not_accused(name: str) -> None:
    proposal = propose(read(FOLDER / f"{name}.safetensors"))
    assert proposal.eps
    assert "norms differ in eps, and a scenario has one" in proposal.remark.in_("en")
    with_one = tfstep.diagnose(load_text(proposal.text(), "mine"), read(FOLDER / f"{name}.safetensors"))
    assert [cause.kind for cause in with_one.causes] == ["norm-eps"]


def test_another_eps_than_that_of_the_scenario_is_a_mistake() -> None:
    found = tfstep.diagnose(ours(kind="decoder", norm_position="pre"), read(FOLDER / "block-pre.safetensors"))
    assert [cause.kind for cause in found.causes] == ["norm-eps"]


@pytest.mark.parametrize(("name", "change", "said"), [
    ("sdpa", {"heads": 2}, "theirs has heads 4, ours has heads 2"),
    ("sdpa-2", {}, r"kv_heads·d_k 4, ours has kv_heads·d_k 8"),
    ("block-pre", {"d_ff": 16}, "theirs has d_ff 12, ours has d_ff 16"),
])  # fmt: skip
def test_other_sizes_are_refused(name: str, change: dict[str, object], said: str) -> None:
    kind = {"kind": "decoder", "norm_position": "pre"} if name.startswith("block") else {}
    with pytest.raises(tfstep.TfstepError, match=f"{said}.*tfstep new RECORDING -o mine.yaml"):
        tfstep.diagnose(ours(**kind, **change), read(FOLDER / f"{name}.safetensors"))


@pytest.mark.parametrize(("x", "said"), [
    (np.ones((2, 4, 8)), "words 3, mine has words 4"), (np.ones((1, 3, 8)), "sentences 2, mine has sentences 1"),
    (np.ones((2, 3, 16)), "d_model 8, mine has d_model 16"),
])  # fmt: skip
def test_other_inputs_are_refused(x: np.ndarray, said: str) -> None:
    text = {
        "model": {"kind": "attention", "d_model": x.shape[-1], "heads": 4, "output": True},
        "input": {"x": x.tolist()},
    }
    with pytest.raises(tfstep.TfstepError, match=said):
        tfstep.diagnose(load_text(json.dumps(text), "mine"), read(FOLDER / "sdpa.safetensors"))
