"""Without kernels, blocks and kept memory every number has the same bits."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import pytest

import tfstep
from tfstep.engine import program

BITS = """
import hashlib, tfstep
for name in ("wo-ai-ni", "gpt", "layernorm-batchnorm", "scaling", "residual"):
    trace = tfstep.trace(tfstep.load(name)).advance()
    print(hashlib.sha256(b"".join(trace.value(node.slot).tobytes() for node in trace.plan.nodes)).hexdigest())
"""


def bits(accel: str) -> str:
    """What the traces of some scenarios hash to, in a process of its own."""
    found = subprocess.run(
        [sys.executable, "-c", BITS],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TFSTEP_ACCEL": accel},
    )
    return found.stdout


@pytest.mark.slow
def test_the_bits_of_a_run_are_the_same_without_speed() -> None:
    assert bits("off") == bits("")


def test_without_speed_no_kernel_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: object) -> None:
        raise AssertionError("a kernel was asked for")

    monkeypatch.setenv("TFSTEP_ACCEL", "off")
    monkeypatch.setattr(program, "small", refuse)
    monkeypatch.setattr(program, "_large", refuse)
    off = tfstep.trace(tfstep.load("encoder"))
    monkeypatch.undo()
    on = tfstep.trace(tfstep.load("encoder"))
    assert _hashed(off) == _hashed(on)


def _hashed(trace: tfstep.Trace) -> str:
    return hashlib.sha256(b"".join(trace.value(node.slot).tobytes() for node in trace.plan.nodes)).hexdigest()
