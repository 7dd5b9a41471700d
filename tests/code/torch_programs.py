"""Every scenario that ships as a PyTorch program, run beside ours: `python tests/code/torch_programs.py`, with torch installed.

Prints the largest difference of finite numbers, in units of each tensor's largest, and fails above 1e-9 (float32: 1e-5).
"""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stdout

import numpy as np

import tfstep
from tfstep.code.program import Library, whole
from tfstep.scenario.file.catalog import shipped

worst = 0.0
for name in shipped():
    for variant in tfstep.load(name).variants:
        scenario = tfstep.load(name, variant)
        trace = tfstep.trace(scenario)
        written = whole(trace, name, Library.TORCH)
        space = {"NUMBERS": written.arrays}
        text = written.text.replace('NUMBERS = np.load(Path(__file__).with_suffix(".npz"))', "")
        with redirect_stdout(io.StringIO()):
            exec(compile(text, f"{name}~{variant}", "exec"), space)
        for path, found in space["T"].items():
            theirs, ours = found.detach().numpy(), trace[path].value
            size = np.abs(ours[np.isfinite(ours)]).max(initial=0.0) + 1e-3
            both = np.isfinite(theirs) & np.isfinite(ours)  # past a NaN relu's slope is 0 here and 1 there
            apart = np.abs(theirs[both].astype(float) - ours[both]).max(initial=0.0) / size
            bound = 1e-9 if scenario.model.dtype == "float64" else 1e-5
            if ".b_K" in path:  # its gradient is 0 in theory: what is compared is rounding noise
                bound = 1e-6
            if path.endswith(".new") and scenario.train.optimizer.startswith("adam"):
                bound = 1e-6  # Adam divides rounding noise by itself where a gradient is 0 in theory (b_K)
            if not apart <= bound:
                sys.exit(f"{name} {variant} {path}: {apart:.1e}")
            worst = max(worst, apart if bound == 1e-9 else 0.0)
print(f"largest difference {worst:.1e}")
