#!/usr/bin/env bash
# Guess: the loss of thinc's CategoricalCrossentropy is the cross-entropy, a sum or a mean of -log p; exp of its mean is a perplexity.
# True:  the gradient is that of the cross-entropy, p - t; the number beside it is the sum of the gradient's squares. It is never above 2 a row, a surely wrong word hardly costs more
#        than a wrong one, and neither a finite difference of it nor a comparison with another library's loss agrees. SequenceCategoricalCrossentropy does the same.
# Seen:  thinc 9.1.1: p of the true words .7 and .1: loss .400 (normalised, the gradient halved; 1.600 without); the cross-entropies add up to 2.659; with p .1 replaced by 1e-6: .490 and 14.172.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet thinc==9.1.1 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from thinc.api import CategoricalCrossentropy, SequenceCategoricalCrossentropy

truth = np.array([0, 2])
for p in (0.1, 1e-6):
    guesses = np.array([[0.7, 0.2, 0.1], [0.1, 0.9 - p, p]], np.float32)
    one_hot = np.eye(3)[truth]
    gradient, loss = CategoricalCrossentropy(normalize=False)(guesses, truth)
    halved, normalised = CategoricalCrossentropy()(guesses, truth)
    _, sequences = SequenceCategoricalCrossentropy(normalize=False)([guesses], [truth])
    entropy = -np.log(guesses[[0, 1], truth]).sum()
    squares = float(((guesses - one_hot) ** 2).sum())
    print(f"p {p}: loss {loss:.3f}, normalised {normalised:.3f}, of a sequence {sequences:.3f}   squares of p - t {squares:.3f}   cross-entropy {entropy:.3f}")
    assert np.allclose(gradient, guesses - one_hot, atol=1e-6) and np.allclose(halved, gradient / 2, atol=1e-6)
    assert np.allclose([loss, sequences, 4 * normalised], squares, atol=1e-5)
    assert entropy > loss + 1
PYTHON
