"""Every recorded model, opened from its folder: attention, hidden states, logits, loss and gradients to rounding."""

import pytest
from recorded import compared, names


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_a_model_from_its_folder_computes_what_its_library_computes(name: str) -> None:
    found = list(compared(name))
    assert len(found) > 10
    wrong = [str(each) for each in found if each.ratio > 1]
    assert not wrong
