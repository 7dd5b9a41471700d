"""Memory that is used again holds nothing that anybody still reads."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from small_models import numbers, started, written

from tfstep.engine.accel.blocks import each, row_blocks
from tfstep.engine.accel.memory import LARGE, Memory
from tfstep.engine.plan import Plan
from tfstep.engine.tape import Scope, Traced
from tfstep.engine.trace import Trace
from tfstep.ops.attention import scale, softmax
from tfstep.ops.linear import linear
from tfstep.ops.loss import total
from tfstep.ops.primitive.functions import relu

N = 160  # N × N float64 is larger than LARGE


def body(at: Scope) -> Traced:
    at.h = linear(at.x, at.W, at.b)
    at.a = relu(at.h)
    at.s = scale(at.a, d_k=3)
    at.p = softmax(at.s)
    at.q = at.p + at.a
    at.loss = total(at.q)
    return at.loss


@pytest.fixture(scope="module")
def plan() -> Plan:
    assert N * N * 8 >= LARGE
    return written((N, N), body, W=(N, N), b=(N,)).plan


def bits(trace: Trace) -> dict[str, bytes]:
    return {node.path: trace.value(node.slot).tobytes() for node in trace.plan.nodes}


def other(plan: Plan, k: int) -> Trace:
    return started(plan).edit({"W": numbers(f"W{k}", (N, N))}).run()


def test_a_trace_that_is_held_keeps_its_numbers(plan: Plan) -> None:
    first = started(plan).run()
    before = bits(first)
    for k in range(4):
        other(plan, k)
    assert bits(first) == before


def test_an_array_outlives_its_trace(plan: Plan) -> None:
    trace = started(plan).run()
    whole, row, flat = trace["p"].value, trace["q"].value[3], trace["a"].value.reshape(-1)[7:].T
    copies = [np.array(x) for x in (whole, row, flat)]
    del trace
    for k in range(4):
        other(plan, k)
        gc.collect()
    for found, wanted in zip((whole, row, flat), copies, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_what_edits_share_is_not_handed_out(plan: Plan) -> None:
    base = started(plan).run()
    edited = base.edit({"b": np.ones(N)})
    wanted = bits(edited)
    del base
    for k in range(4):
        other(plan, k)
    assert bits(edited) == wanted


def test_an_inside_keeps_its_outside(plan: Plan) -> None:
    trace = other(plan, 9)
    inside = trace.substeps(plan.paths["p"].slot)
    assert inside is not None
    wanted = trace["p"].value.tobytes()
    del trace
    for k in range(4):
        other(plan, k)
    assert inside.value(inside.plan.result).tobytes() == wanted


def test_memory_that_nobody_reads_is_used_again() -> None:
    memory = Memory()
    first = memory.take(0, (N, N), np.dtype(float))
    place = first.__array_interface__["data"][0]
    assert memory.take(0, (N, N), np.dtype(float)).__array_interface__["data"][0] != place
    first.setflags(write=False)
    del first
    again = memory.take(0, (N, N), np.dtype(float))
    assert again.__array_interface__["data"][0] == place
    assert again.flags.writeable


def test_traces_on_several_threads_do_not_mix(plan: Plan) -> None:
    wanted = [bits(other(plan, k)) for k in range(6)]
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda k: bits(other(plan, k)), range(6)))
    assert found == wanted


def test_blocks_cover_every_row_once() -> None:
    for rows, width in ((1, 5), (7, 1), (1000, 300), (3, 100_000)):
        seen = [r for block in row_blocks(rows, width) for r in range(block.start, block.stop)]
        assert seen == list(range(rows))


def test_an_error_on_a_thread_is_raised() -> None:
    def work(n: int) -> None:
        if n == 5:
            raise ValueError("five")

    with pytest.raises(ValueError, match="five"):
        each(work, range(9))
