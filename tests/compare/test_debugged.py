"""What the debugger of transformers writes is a recording; written by `make_debugged.py` with transformers 5.24."""

from pathlib import Path

import numpy as np
import pytest

import tfstep
from tfstep.compare.recorded.reading import read

FOLDER = Path(__file__).with_name("debugged")


@pytest.mark.parametrize("kind", ["files", "printed"])
def test_its_outputs_are_found_in_the_opened_model(kind: str) -> None:
    scenario = tfstep.load(FOLDER / "model", ids=[1, 2, 3])
    found = tfstep.diagnose(scenario, FOLDER / kind)
    assert found.agrees, found
    paths = {match.name.partition(".")[2]: match.path for match in found.matched}
    assert paths["transformer.h.0.attn.c_proj"] == "dec0.attn.out"
    assert paths["transformer.h.0.mlp.act"] == "dec0.ffn.act"
    assert paths["lm_head"] == "out.logits"
    assert not found.unmatched


def test_a_wrong_activation_is_named(tmp_path: Path) -> None:
    scenario = tfstep.load(FOLDER / "model", ids=[1, 2, 3]).with_changes({"model": {"activation": "relu"}})
    (cause,) = tfstep.diagnose(scenario, FOLDER / "files").causes
    assert (cause.kind, cause.path) == ("activation", "dec0.ffn.act")


def test_printed_numbers_are_said_to_be_rounded() -> None:
    kept = read(FOLDER / "printed")
    whole = read(FOLDER / "files")
    assert "use_repr=False" in kept.remarks[0].in_("en")
    assert not whole.remarks
    for name in whole:
        np.testing.assert_allclose(kept[name].astype(float), whole[name], rtol=1.1e-3, atol=1e-7)


def test_numbers_that_are_left_out_are_no_tensor(tmp_path: Path) -> None:
    tree = (FOLDER / "printed" / "GPT2LMHeadModel_debug_tree_FULL_TENSORS.json").read_text("utf-8")
    (tmp_path / "cut.json").write_text(tree.replace("tensor([", "tensor([..., "), "utf-8")
    with pytest.raises(tfstep.TfstepError, match="do_prune_layers"):
        read(tmp_path / "cut.json")
