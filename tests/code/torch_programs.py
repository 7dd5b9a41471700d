"""Programs in PyTorch, run beside ours: `python tests/code/torch_programs.py [NAME…]`, with torch installed.

Every scenario that ships in every variant, every recorded model of tests/families, opened from its folder, and each
part and training of `written_runs.py` in every dtype: all tensors of the plan, gradients, the share of each use, and
new parameters. Besides: a run with pinned tensors, one whose optimizer remembers, one whose names PyTorch has itself.
Prints the counts and the largest difference, in units of each tensor's largest number, and fails above 1e-9 (float32:
1e-5, a half type: one unit of it), where a tensor is missing, or where the program has one that ours has not.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from itertools import chain
from pathlib import Path

import numpy as np
import torch

import tfstep
from tfstep.code.arrays import Library
from tfstep.code.program import whole
from tfstep.scenario.file.catalog import shipped
from tfstep.scenario.scenario import load_text

sys.path.insert(0, str(Path(__file__).parents[1] / "families"))
from recorded import names, opened
from written_runs import FORMULA, KEYS, NAMES, PARTS, TOLD, reading

BOUND = {"float64": 1e-9, "float32": 1e-5, "float16": 2.0**-10, "bfloat16": 2.0**-7}
NOISE = {"float64": 1e-12, "float32": 1e-6, "float16": 2.0**-11, "bfloat16": 2.0**-8}
"""Of the largest gradient: what is smaller is 0 in theory (b_K), and its numbers are rounding."""


def scenarios(wanted: list[str]) -> Iterator[tuple[str, tfstep.Scenario]]:
    """All that are tried, or those asked for, each under its name."""
    for name in shipped():
        if not wanted or name in wanted:
            for variant in tfstep.load(name).variants:
                yield f"{name} {variant}", tfstep.load(name, variant)
    for name in names():
        if not wanted or name in wanted:
            yield f"model {name}", opened(name)
    for dtype in BOUND if not wanted or "parts" in wanted else ():
        for keys, told in (*((each, "") for each in KEYS), *(("", each) for each in TOLD)):
            yield f"{dtype} {keys or told}", load_text(reading(keys, told, dtype))
        for text in PARTS:
            if "dtype" not in text and "kind: formula" not in text:
                yield f"{dtype} {text}", load_text(text.replace("{model: {", f"{{model: {{dtype: {dtype}, ", 1))


def others(wanted: list[str]) -> Iterator[tuple[str, tfstep.Trace]]:
    """Traces that are no scenario's first, each under its name."""
    if wanted and "others" not in wanted:
        return
    session = tfstep.Session(tfstep.load("wo-ai-ni"))
    for line in ("set enc0.attn.weights[0,0,1,2] = 0.5", "set src.x[0,1,0] = 3", "set loss = 2"):
        session.run(line)
    yield "pinned", session.trace
    yield "formula", load_text(FORMULA).program.trace()
    yield "names", load_text(NAMES).program.trace()
    for told in ("momentum: 0.9", "optimizer: adamw, weight_decay: 0.1"):
        yield f"second update, {told}", load_text(reading("", f"train: {{{told}}}")).program.trace().advance()


def differences(trace: tfstep.Trace, found: dict[str, np.ndarray]) -> Iterator[tuple[str, float]]:
    """How far each tensor is off, in units of its largest number; NaN where it is missing."""
    gradients = [t.value for t in map(trace.__getitem__, trace.plan.paths) if t.path.endswith(".grad")]
    most = max((float(np.abs(g[np.isfinite(g)]).max(initial=0.0)) for g in gradients), default=0.0)
    adam = getattr(trace.plan.origin, "train", None)
    divides = adam is not None and adam.optimizer.startswith("adam")
    noise = NOISE[trace.plan.origin.model.dtype]
    yield from ((path, float("nan")) for path in found if path not in trace.plan.paths and ".computed" not in path)
    for node in trace.plan.nodes:
        if node.path not in found:
            yield node.path, float("nan")
            continue
        theirs, ours = found[node.path], trace.value(node.slot)
        both = np.isfinite(theirs) & np.isfinite(ours)  # past a NaN relu's slope is 0 here and 1 there
        size = np.abs(ours[both].astype(float)).max(initial=0.0)
        idle = node.phase == "backward" and size <= noise * max(most, 1.0)
        if node.phase == "update" and divides:  # Adam divides rounding noise by itself where a gradient is 0 in theory
            kept = trace.plan.paths.get(node.path.removesuffix(".new") + ".grad")
            g = np.zeros(()) if kept is None else np.abs(trace.value(kept.slot))
            if node.path.endswith(".new") and g.shape == ours.shape:
                both &= g > max(1e-9, noise) * max(most, 1e-300)
            elif not node.path.endswith(".new"):
                continue  # what leads to it is judged by it
        if ours.shape != theirs.shape:
            yield node.path, float("inf")
            continue
        far = float(np.abs(theirs[both].astype(float) - ours[both]).max(initial=0.0))
        yield node.path, 0.0 if idle and far <= noise * max(most, 1.0) else far / max(size, 1e-3)


def run(trace: tfstep.Trace, name: str) -> dict[str, np.ndarray]:
    """What the program leaves in T."""
    written = whole(trace, name, Library.TORCH)
    space: dict[str, object] = {"NUMBERS": written.arrays}
    text = written.text.replace('NUMBERS = np.load(Path(__file__).with_suffix(".npz"))', "")
    torch.set_default_dtype(torch.float32)  # as it is in a process of its own
    with redirect_stdout(io.StringIO()):
        exec(compile(text, name, "exec"), space)
    return {path: tensor.detach().numpy() for path, tensor in space["T"].items()}  # type: ignore[attr-defined]  # tensors


def main(wanted: list[str]) -> int:
    """Run all; returns the exit status."""
    programs = tensors = failed = 0
    worst, where = 0.0, ""
    traces = ((name, tfstep.trace(scenario)) for name, scenario in scenarios(wanted))
    for name, trace in chain(traces, others(wanted)):
        bound = BOUND[trace.plan.origin.model.dtype]
        every = list(differences(trace, run(trace, name)))
        wrong = [(path, far) for path, far in every if not far <= bound]
        programs, tensors, failed = programs + 1, tensors + len(every), failed + bool(wrong)
        if wrong:
            print(f"{name}: {len(wrong)} of {len(every)}, such as {wrong[:3]}", flush=True)
        far, path = max((far, path) for path, far in every if far == far)
        if bound == 1e-9 and far > worst:
            worst, where = far, f"{name} {path}"
    print(f"{programs} programs, {tensors} tensors, {failed} fail; largest difference {worst:.1e} ({where})")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
