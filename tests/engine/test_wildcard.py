"""Patterns with stars agree with regular expressions, and take no longer for many stars."""

import re

from hypothesis import given
from hypothesis import strategies as st

from tfstep.address.wildcard import matcher


@given(st.text("ab.*", max_size=8), st.text("ab.", max_size=12))
def test_a_star_stands_for_any_characters(pattern: str, path: str) -> None:
    expected = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), path)
    assert matcher(pattern)(path) == (expected is not None)


def test_many_stars_are_no_work() -> None:
    assert matcher("*" * 5000)("enc0.attn.weights")
    assert not matcher("*" * 5000 + "zzz")("enc0.attn.q_proj.grad/enc0.attn.weights")
