"""What is offered of a session that was cut off."""

from __future__ import annotations

import pytest

from tfstep.faces.recovery import changes


@pytest.mark.parametrize("line", ["set enc0.attn.W_Q[0,0] = 1", "train 5", "undo", "tokens source 你 爱 我"])
def test_a_change_is_worth_taking_up(line: str) -> None:
    assert changes(line)


@pytest.mark.parametrize("line", ["n", "goto loss", "print loss", "", "no-such-command", "d"])
def test_walking_about_is_not(line: str) -> None:
    assert not changes(line)
