"""Record the test set in PyTorch: right modules and wrong ones, as `torch_plants.npz` beside this script.

    PYTHONPATH=. python tests/compare/make_plants.py

needs PyTorch (recorded with 2.13.0), the everyday tests do not: they read the file. Arrays that several runs share are
kept once.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hands_torch import KINDS, Net, loss_of
from plants import TEXTS

import tfstep
import tfstep.torch
from tfstep.scenario.scenario import load_text

FILE = Path(__file__).with_name("torch_plants.npz")
MODELS = ("small encoder", "pre-norm", "small decoder", "translator", "turning encoder", "turning decoder")
WRONG: tuple[tuple[str, str, str], ...] = (
    ("no scale", "scale", "attn.scaled"), ("model scale", "scale", "attn.scaled"), ("scale d", "scale", "attn.scaled"),
    ("softmax", "softmax-axis", "attn.weights"), ("twice", "softmax-twice", "attn.weights"),
    ("log", "log-softmax", "attn.weights"), ("no mask", "mask-missing", "attn.masked"),
    ("flipped", "mask-inverted", "attn.masked"), ("plus", "mask-added", "attn.masked"),
    ("times", "mask-multiplied", "attn.masked"), ("late", "mask-after-softmax", "attn.masked attn.weights"),
    ("sees next", "mask-shifted", "attn.masked"), ("view", "heads-reshaped", "attn.Q"),
    ("merge", "heads-merged", "attn.concat"), ("swap kv", "swapped", "attn.k_proj"),
    ("swap qk", "swapped", "attn.q_proj attn.scores"),
    ("turned out", "transposed", "attn.out"), ("no out bias", "bias-missing", "attn.out"),
    ("no skip", "residual-missing", "add1"), ("normed skip", "residual-place", "add1"),
    ("norm side", "norm-place", "attn.q_proj norm1 add1"), ("batch axis", "norm-axis", "norm1"),
    ("std", "norm-variance", "norm1"), ("rms", "norm-kind", "norm1"), ("eps", "norm-eps", "norm1"),
    ("bare", "norm-affine", "norm1"), ("act", "activation", "ffn.act"), ("silu", "activation", "ffn.act"),
    ("dropped", "dropout", "attn.weights"), ("hidden dropped", "dropout", "ffn.act"),
    ("scaled words", "embed-scale", "embed"), ("no positions", "position-missing", "x"),
    ("late positions", "position-shifted", "x"), ("halved positions", "position-layout", "x"),
    ("positions twice", "position-twice", "x"), ("labels twice", "labels-shifted-twice", "loss"),
    ("own words", "labels-unshifted", "loss"), ("loss of p", "loss-input", "loss"), ("summed", "loss-reduction", "loss"),
    ("pads count", "pads-counted", "loss"), ("detached", "grad-missing", "attn.weights.grad x.grad norm1.grad"),
    ("hides self", "mask-shifted", "attn.masked"), ("backwards", "heads-merged", "attn.concat"),
    ("keys backwards", "heads-reshaped", "attn.K"), ("norm branch", "norm-place", "add1 norm1"),
    ("detached keys", "grad-missing", "attn.K.grad attn.k_proj.grad x.grad norm1.grad"),
    ("not turned", "position-missing", "attn.Q_rot"), ("queries late", "position-shifted", "attn.Q_rot"),
    ("keys not turned", "rope-place", "attn.K_rot"), ("turned values", "rope-place", "attn.heads"),
    ("turned part", "rope-place", "attn.Q_rot"), ("turned base", "rope-base", "attn.Q_rot"),
    ("turned ntk", "rope-base", "attn.Q_rot"), ("stretched", "rope-base", "attn.Q_rot"),
    ("turned pairs", "rope-pairs", "attn.Q_rot"), ("turned back", "rope-pairs", "attn.Q_rot"),
)  # fmt: skip
PAIRS = (("no scale", "act"), ("swap kv", "rms"), ("view", "labels twice"), ("silu", "summed"), ("late positions", "merge"),
         ("scaled words", "eps"), ("turned out", "loss of p"), ("no out bias", "silu"))  # fmt: skip


def recorded(scenario: tfstep.Scenario, kind: str, wrong: tuple[str, ...], dtype: Any) -> tfstep.Recording:
    """One run."""
    c, inputs = scenario.model, scenario.inputs
    sides = [s for s in (inputs.source, inputs.target) if s is not None]
    assert inputs.labels is not None
    source, target, labels = (
        len(s.vocab) if s is not None else 0 for s in (inputs.source, inputs.target, inputs.labels)
    )
    torch.manual_seed(4)
    module = Net(c, (source, target, labels), 9, kind, wrong).to(dtype)
    for parameter in module.parameters():
        parameter.data += (0.3 * torch.randn(parameter.shape)).to(dtype)
    ids = [torch.tensor(s.ids) for s in sides]
    torch.manual_seed(5)
    return tfstep.torch.record(module, *ids, loss=loss_of(wrong, torch.tensor(inputs.labels.ids), ids[-1]))


def changed(one: tfstep.Recording, other: tfstep.Recording) -> bool:
    """Whether a mistake shows in the loss or in a gradient of a weight."""
    names = [n for n in one if n.endswith(("weight.grad", "cross_entropy", "loss")) and n in other]
    return any(not np.allclose(one[n], other[n], rtol=1e-4, atol=1e-6) for n in names)


class Runs:
    """Recorded runs for one file; arrays that several share are kept once."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.arrays: dict[str, np.ndarray] = {}
        self.index: list[dict[str, Any]] = []

    def add(self, kept: tfstep.Recording, drop: Callable[[str], bool] = lambda name: False, **of: Any) -> None:
        """One more run, but for the arrays to drop, and what it is."""
        rows = []
        for name, array in kept.arrays.items():
            if not drop(name):
                key = hashlib.sha1(array.tobytes() + str((array.shape, array.dtype)).encode()).hexdigest()[:12]
                self.arrays[key] = array
                note = kept.note(name)
                rows.append([name, key, note.kind, note.op, *([note.grad] if note.grad else [])])
        self.index.append({**of, "rows": rows})

    def write(self) -> None:
        """Write the file, the same bytes for the same runs."""
        text = json.dumps({"torch": torch.__version__, "runs": self.index}, separators=(",", ":")).encode()
        arrays = {**self.arrays, "index": np.frombuffer(text, np.uint8)}
        with zipfile.ZipFile(self.file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, array in sorted(arrays.items()):
                held = io.BytesIO()
                np.save(held, array)
                archive.writestr(zipfile.ZipInfo(f"{name}.npy"), held.getvalue(), zipfile.ZIP_DEFLATED)
        print(len(self.index), "runs,", self.file.stat().st_size, "bytes")


def main() -> None:
    """Record and write."""
    runs = Runs(FILE)
    n = 0
    for model in MODELS:
        scenario = load_text(TEXTS[model])
        jobs: list[tuple[str, tuple[str, ...], str, str, str]] = []
        for kind in KINDS:
            for dtype in ("float32", "float64") if kind in ("linear", "sdpa") else ("float32",):
                jobs.append((kind, (), dtype, "", ""))
        turning = "turning" in model  # these are for rope, and have few of the other mistakes
        for k, (wrong, cause, path) in enumerate(WRONG):
            if turning and k % 3 and not cause.startswith(("rope", "position")):
                continue
            jobs.append((KINDS[(k + n) % len(KINDS)], (wrong,), "float32", cause, path))
        for k, pair in enumerate(() if turning else PAIRS):
            both = {w: (c, p) for w, c, p in WRONG}
            kinds = " ".join(both[w][0] for w in pair)
            jobs.append((KINDS[(k + n) % len(KINDS)], pair, "float32", kinds, both[pair[0]][1]))
        n += 1
        for kind, wrong_, dtype, cause, path in jobs:
            if "own words" in wrong_ and scenario.model.kind == "encoder":
                continue  # its words are none of the labels
            if kind in ("qkv", "conv1d") and (model == "translator" or "detached" in wrong_) and wrong_:
                kind = "linear"
            if "detached keys" in wrong_:
                kind = "linear" if model == "translator" else "conv1d" if "decoder" in model else "qkv"
            one = recorded(scenario, kind, wrong_, getattr(torch, dtype))
            if wrong_ and not all(changed(one, recorded(scenario, kind, tuple(x for x in wrong_ if x != w), torch.float32))
                                  for w in wrong_):  # fmt: skip
                continue
            weights = {name for name in one if one.note(name).kind == "weight"}

            def drop(name: str, one: Any = one, weights: set[str] = weights, wrong: tuple[str, ...] = wrong_) -> bool:
                of = name.removesuffix(".grad")
                return (
                    one.note(name).kind == "grad"
                    and of not in weights
                    and not any(w.startswith("detached") for w in wrong)
                )

            runs.add(one, drop, model=model, kind=kind, wrong=wrong_, dtype=dtype, cause=cause, path=path)
    runs.write()


if __name__ == "__main__":
    main()
