"""Two hand-worked examples from the literature, typed in as scenarios: every digit that they print comes out."""

from pathlib import Path

import numpy as np
import pytest

import tfstep

HERE = Path(__file__).parent

# as printed in the article; w5+ … w4+ are the weights after one update
MAZUR = {
    "net_h1": "0.3775",
    "out_h1": "0.593269992",
    "out_h2": "0.596884378",
    "net_o1": "1.105905967",
    "out_o1": "0.75136507",
    "out_o2": "0.772928465",
    "E_o1": "0.274811083",
    "E_o2": "0.023560026",
    "loss": "0.298371109",
    "out_o1.grad": "0.74136507",
    "net_o1.grad": "0.138498562",
    "out_h1.grad/net_o1": "0.055399425",
    "out_h1.grad/net_o2": "-0.019049119",
    "out_h1.grad": "0.036350306",
    "w5.grad": "0.082167041",
    "w1.grad": "0.000438568",
    "w5.new": "0.35891648",
    "w6.new": "0.408666186",
    "w7.new": "0.511301270",
    "w8.new": "0.561370121",
    "w1.new": "0.149780716",
    "w2.new": "0.19956143",
    "w3.new": "0.24975114",
    "w4.new": "0.29950229",
}

CRISTINA = [
    ["0.98522025", "1.74174051", "0.75652026"],
    ["0.90965265", "1.40965265", "0.5"],
    ["0.99851226", "1.75849334", "0.75998108"],
    ["0.99560386", "1.90407309", "0.90846923"],
]


def ulp(printed: str) -> float:
    """One unit in the last printed place."""
    return 10.0 ** -len(printed.partition(".")[2])


@pytest.mark.parametrize(("path", "printed"), MAZUR.items())
def test_backpropagation_by_mazur(path: str, printed: str) -> None:
    value = float(tfstep.trace(tfstep.load(HERE / "mazur.yaml"))[path].value)
    assert abs(value - float(printed)) <= ulp(printed)  # worked by hand: the article rounds on the way


def test_the_error_after_one_round() -> None:
    # the article's weights give this; the 0.291027924 that it prints, it got from a script and not by hand
    after = tfstep.trace(tfstep.load(HERE / "mazur.yaml")).advance()
    assert f"{float(after['loss'].value):.9f}" == "0.291027774"


def test_attention_by_cristina() -> None:
    heads = tfstep.trace(tfstep.load(HERE / "cristina.yaml"))["attn.heads"].value[0, 0]
    for row, printed in zip(heads, CRISTINA, strict=True):
        for value, digits in zip(row, printed, strict=True):
            assert abs(value - float(digits)) <= 0.51e-8


def test_its_weights_are_the_softmax_of_the_scaled_scores() -> None:
    trace = tfstep.trace(tfstep.load(HERE / "cristina.yaml"))
    scores = trace["attn.Q"].value @ np.swapaxes(trace["attn.K"].value, -1, -2)
    e = np.exp(scores / np.sqrt(3))
    np.testing.assert_allclose(trace["attn.weights"].value, e / e.sum(-1, keepdims=True), rtol=1e-12)
