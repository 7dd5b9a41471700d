"""The same file gives the same bits, whatever the hash seed, the locale and, for small models, the number of threads.

``python test_same_bits.py 512`` prints the bits of models up to that width; run it under several environments to
compare them at length.
"""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

import tfstep
from tfstep.scenario.scenario import load_text

WIDTHS = (4, 16, 32)
ENVIRONMENTS = [
    {"OPENBLAS_NUM_THREADS": "2", "PYTHONHASHSEED": "1", "LC_ALL": "C"},
    {"OPENBLAS_NUM_THREADS": "4", "PYTHONHASHSEED": "77", "LC_ALL": "zh_CN.UTF-8"},
]


def bits(width: int, words: int, tokens: int) -> str:
    """A hash of every number of a pass, an update and a short training."""
    ids = [(7 * k) % words for k in range(tokens)]
    text = (
        f"model: {{kind: decoder, layers: 1, d_model: {width}, heads: 2, d_ff: {4 * width}}}\nvocab: {{size: {words}}}\n"
        f"input: {{target: {{ids: [{ids}]}}, labels: {{ids: [{ids[::-1]}]}}}}\ntrain: {{optimizer: adam, lr: 0.01}}\n"
    )
    trace = tfstep.trace(load_text(text))
    found = hashlib.sha256()
    for run in (trace, trace.train(3).trace):
        for path in run:
            found.update(np.ascontiguousarray(run[path].value).tobytes())
    return found.hexdigest()[:16]


def main(most: int) -> None:
    """Print the bits of models of growing width."""
    for width in (each for each in (4, 16, 32, 64, 128, 256, 512) if each <= most):
        sys.stdout.write(f"{width} {bits(width, 60 if width <= 32 else 1000, 8 if width <= 32 else 64)}\n")


@pytest.mark.slow
def test_small_models_have_the_same_bits_everywhere() -> None:
    found = []
    for environment in ({"OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}, *ENVIRONMENTS):
        words = [sys.executable, __file__, str(WIDTHS[-1])]
        done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, **environment}, check=True)
        found.append(done.stdout.split())
    assert found[0] == found[1] == found[2]
    assert len(set(found[0])) == 2 * len(WIDTHS), "the bits of each are its own"


if __name__ == "__main__":
    main(int(sys.argv[1]))
