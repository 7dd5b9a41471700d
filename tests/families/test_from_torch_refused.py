"""What tfstep.from_torch refuses, on modules made of plain objects: no torch is needed to be refused."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from tfstep.errors import TfstepError
from tfstep.scenario.opening import modules
from tfstep.scenario.weights.safetensors import beside
from tfstep.scenario.weights.weight_file import BadWeightsError


def layer(**other: object) -> SimpleNamespace:
    attention = SimpleNamespace(num_heads=2, batch_first=True)
    norm = SimpleNamespace(eps=1e-5)
    given = {"self_attn": attention, "norm1": norm, "norm2": norm, "norm_first": False, "activation": max}
    return SimpleNamespace(**{**given, "linear1": SimpleNamespace(out_features=8), **other})


@pytest.mark.parametrize(
    ("what", "odd"),
    [
        ("norm", layer(norm2=SimpleNamespace(eps=0.5))),
        ("norm", layer(norm3=SimpleNamespace(eps=0.5))),
        ("nhead", layer(multihead_attn=SimpleNamespace(num_heads=1, batch_first=True))),
        ("batch_first", layer(multihead_attn=SimpleNamespace(num_heads=2, batch_first=False))),
        ("dim_feedforward", layer(linear1=SimpleNamespace(out_features=9))),
    ],
)
def test_parts_that_differ_are_refused_by_name(what: str, odd: SimpleNamespace) -> None:
    modules._alike(layer(), [layer(), layer()], [])
    with pytest.raises(TfstepError, match=f"^{what} "):
        modules._alike(layer(), [layer(), odd], [])


def test_a_mask_among_the_inputs_of_an_attention_is_refused() -> None:
    with pytest.raises(TfstepError, match="4 inputs were given"):
        modules._attention(SimpleNamespace(), [None] * 4)  # type: ignore[list-item]  # refused before it is looked at


def test_a_shard_that_is_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "elsewhere.safetensors").write_bytes(b"")
    (tmp_path / "model" / "a.safetensors").symlink_to("../elsewhere.safetensors")
    (tmp_path / "model" / "b.safetensors").write_bytes(b"")
    (tmp_path / "model" / "c.safetensors").symlink_to("b.safetensors")
    index = tmp_path / "model" / "model.safetensors.index.json"
    with pytest.raises(BadWeightsError, match="leads out of the folder"):
        beside(index, "a.safetensors")
    assert beside(index, "c.safetensors") == tmp_path / "model" / "c.safetensors"
