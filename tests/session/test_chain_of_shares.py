"""The chain of `why` goes on as long as a link is worth showing, and says where it stops."""

import pytest

from tfstep.scenario.scenario import load_text
from tfstep.session.study.reasons import reasons
from tfstep.view.cell.reasons import reasons_lines

WIDE = (
    "model: {kind: decoder, layers: 3, d_model: 96, heads: 4, norm_position: pre}\nvocab: {size: 40}\n"
    "input: {target: {ids: [[5, 7, 9, 1]]}, labels: next}\n"
)


@pytest.mark.slow
def test_a_chain_ends_where_its_share_would_read_as_nothing() -> None:
    trace = load_text(WIDE).program.trace()
    found = reasons(trace, trace["out.logits"], (0, 3, 2))
    shares = [level.share for level in found.chain]
    assert len(shares) > 2
    assert min(shares) >= 0.0005
    assert found.chain[-1].explanation.rule != "leaf"
    told = ["".join(str(each.text) for each in line) for line in reasons_lines(found, trace)]
    chain = told[1 : 1 + len(shares)]
    assert not any(row.rstrip().endswith(" 0.0%") for row in chain)
    assert told[1 + len(shares)] == "from here on no cell has 0.1 % of it"


def test_a_chain_of_a_small_model_goes_to_the_bottom() -> None:
    trace = load_text(
        "model: {kind: mlp, sizes: [2, 2, 1]}\ninput: {x: [[1, 0]]}\nloss: {kind: mse, target: [[1]]}\n"
    ).program.trace()
    found = reasons(trace, trace["layer1.y"], (0, 0))
    assert found.chain[-1].explanation.rule == "leaf"
    assert not any("no cell has" in str(each) for each in reasons_lines(found, trace))
