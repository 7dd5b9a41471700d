"""A PyTorch module recorded without touching it: every functional call and module output, and all gradients.

The one file of tfstep that imports PyTorch, and only when `record` is called.

>>> kept = tfstep.torch.record(attention, x, loss=lambda y: y.pow(2).mean())
>>> print(tfstep.diagnose("attention", kept))
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from msgspec.structs import replace

from tfstep.address.roles import GRAD
from tfstep.compare.recorded.note import CUT, LABELLED, LOST, OFF, Note, RecordingError, Setting
from tfstep.compare.recorded.recording import Recording
from tfstep.compare.recorded.source import OURS, said
from tfstep.scenario.scenario import Scenario
from tfstep.text import Bilingual

__all__ = ["record", "record_with"]

FAR = 1e-4  # of the largest number of a result: no rounding
SILENT = ("__get__", "__set__", "size", "dim", "backward", "retain_grad", "detach", "numel", "is_floating_point",
          "requires_grad_", "register_hook", "item", "tolist", "type", "is_complex", "stride", "is_contiguous")  # fmt: skip
"""Calls that compute nothing."""
_HERE = __file__


def record(module: Any, *args: Any, loss: Callable[[Any], Any] | None = None, **kwargs: Any) -> Recording:
    """Run ``module(*args, **kwargs)`` and keep its weights, its inputs, and the result of every functional call and of
    every submodule, in order, with the line of source that computed it.

    With ``loss``, a function of the module's output that gives one number, also the gradients of all of them after its
    backward pass, each under ``NAME.grad``. The module is left as it was. Its fast path is switched off, which does not
    mean the same (a float mask bans keys there); where it would have run is said.

    Raises RecordingError where PyTorch is not installed or ``module`` is none of its modules.
    """
    try:
        import torch
    except ImportError:
        raise RecordingError(
            Bilingual("tfstep.torch needs PyTorch: pip install torch", "tfstep.torch 需要 PyTorch：pip install torch")
        ) from None
    if not isinstance(module, torch.nn.Module):
        raise RecordingError(
            Bilingual(
                "{found} is no torch.nn.Module; record arrays by hand with tfstep.recording(…)",
                "{found} 不是 torch.nn.Module；可用 tfstep.recording(…) 手动记录数组",
                found=type(module).__name__,
            )
        )
    tape = _Tape(torch, module)
    old = list(_old_gradients(module)) if loss is not None else []
    with ExitStack() as stack:
        stack.enter_context(_grads_put_back(module))
        stack.enter_context(_slow_path(torch))
        stack.enter_context(_listening(tape, module))
        tape.begin(args, kwargs)
        if loss is not None:
            stack.enter_context(torch.enable_grad())
        with tape.mode():
            out = module(*args, **kwargs)
            if loss is not None:
                tape.enter("")
                _backward(tape, loss(out))
        kept = tape.recording(gradients=loss is not None)
    kept.settings.update({**tape.settings, **dict(_settings(module))})
    kept.remarks += (*old, *_fast_path(torch, module, args, kwargs, out))
    return kept


def _fast_path(torch: Any, module: Any, args: Any, kwargs: Any, out: Any) -> Iterator[Bilingual]:
    """What the fast path of torch.nn's layers gives otherwise, where PyTorch would have taken it: run once more."""
    kinds = (torch.nn.MultiheadAttention, torch.nn.TransformerEncoderLayer, torch.nn.TransformerEncoder)
    learns = torch.is_grad_enabled() and any(p.requires_grad for p in module.parameters())
    fast = [name or type(each).__name__ for name, each in module.named_modules() if isinstance(each, kinds)]
    if not fast or learns or module.training or not torch.backends.mha.get_fastpath_enabled():
        return
    pairs = zip(_tensors(torch, out), _tensors(torch, module(*args, **kwargs)), strict=False)
    apart = max((float((a - b).abs().max()) for a, b in pairs if a.shape == b.shape and a.numel()), default=0.0)
    if not apart <= FAR * max((float(a.abs().max()) for a in _tensors(torch, out) if a.numel()), default=0.0):
        yield Bilingual(
            "{names}: without gradients PyTorch takes its fast path here, which gives other numbers, by up to {apart:.3g}: a "
            "float mask bans every key whose number is not 0; recorded without it",
            "{names}：不求梯度时 PyTorch 在这里走快速路径，结果不同，最多差 {apart:.3g}：浮点掩码里凡不为 0 的键都会被遮住；"
            "记录时已关闭快速路径",
            names=", ".join(fast[:4]),
            apart=apart,
        )


def record_with(module: Any, scenario: Scenario, loss: Callable[[Any], Any] | None = None) -> Recording:
    """Record a module that reads what a scenario reads: its ids where the module looks words up, else its vectors.

    What the scenario has no vectors for is asked once more of the same: self-attention gets x three times where
    ``forward`` wants queries, keys and values. Raises RecordingError as `record` does.
    """
    import numpy as np
    import torch

    trace, inputs, first = scenario.program.trace(), scenario.inputs, next(iter(module.parameters()), None)
    sides = [each for each in (inputs.source, inputs.target) if each is not None]
    if any(isinstance(each, torch.nn.Embedding) for each in module.modules()) and sides:
        given = [torch.tensor(np.asarray(side.ids)) for side in sides]
    else:
        names = [name for name in ("x", "memory", "src.x", "tgt.x") if name in trace.plan.paths]
        given = [torch.tensor(trace[name].value, dtype=None if first is None else first.dtype) for name in names]
    wanted = [p for p in inspect.signature(module.forward).parameters.values() if p.kind == p.POSITIONAL_OR_KEYWORD]
    needed = sum(p.default is p.empty for p in wanted)
    return record(module, *(*given, *[given[-1]] * (needed - len(given))), loss=loss)


def _settings(module: Any) -> Iterator[tuple[str, Setting]]:
    """What the module and its submodules are, and the numbers and names that they are made with."""
    for name, each in module.named_modules():
        yield name, type(each).__name__
        for key, value in vars(each).items():
            if isinstance(value, Setting) and key[0] != "_" and key != "training":
                yield f"{name}.{key}".lstrip("."), value


def _backward(tape: _Tape, value: Any) -> None:
    if not isinstance(value, tape.torch.Tensor) or value.numel() != 1:
        raise RecordingError(
            Bilingual(
                "loss gave {found}; it must give one number, a tensor of one element",
                "loss 返回的是 {found}；它必须返回一个数，即只有一个元素的张量",
                found=f"a tensor of shape {tuple(value.shape)}" if hasattr(value, "shape") else type(value).__name__,
            )
        )
    tape.call(value, "loss", "loss", ())
    if value.requires_grad:
        value.backward()


def _old_gradients(module: Any) -> Iterator[Bilingual]:
    """That parameters have gradients of an earlier pass, to which one's own backward pass would add."""
    names = [name for name, p in module.named_parameters() if p.grad is not None and bool(p.grad.any())]
    if names:
        yield Bilingual(
            "parameters that already carried a gradient before this pass: {n} of them, as {name}; it is left out here, but "
            "backward() adds to it: call optimizer.zero_grad() before",
            "这次传播之前就带着梯度的参数：{n} 个，例如 {name}；这里没有算进去，而 backward() 会累加上去：请先调用 "
            "optimizer.zero_grad()",
            n=len(names),
            name=names[0],
        )


@contextmanager
def _grads_put_back(module: Any) -> Iterator[None]:
    """The parameters begin without gradients, so that none of an earlier pass is added; afterwards they have what they
    had."""
    before = [(p, p.grad) for p in module.parameters()]
    for parameter, _ in before:
        parameter.grad = None
    try:
        yield
    finally:
        for parameter, grad in before:
            parameter.grad = grad


@contextmanager
def _slow_path(torch: Any) -> Iterator[None]:
    """torch.nn's transformer layers without their fast path."""
    was = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(was)


@contextmanager
def _listening(tape: _Tape, module: Any) -> Iterator[None]:
    """Hooks that tell the tape in which module it is, and what each module gives back."""
    hooks = []
    for name, each in module.named_modules():
        hooks.append(each.register_forward_pre_hook(lambda m, a, name=name: tape.enter(name)))
        hooks.append(each.register_forward_hook(lambda m, a, out, name=name: tape.leave(name, out)))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


class _Kept:
    """One tensor of the run: its numbers as they were then, and its gradient, which a hook hands over.

    A hook gets the gradient of the numbers of then, also where an operation in place has changed them since; `.grad`
    would be that of the changed ones.
    """

    def __init__(self, tensor: Any, name: str, note: Note, inputs: tuple[_Kept, ...] = ()) -> None:
        self.tensor, self.name, self.note, self.inputs = tensor, name, note, inputs
        self.value = tensor.detach().clone()
        self.call = note.op
        self.learns = bool(tensor.requires_grad)
        self.version = tensor._version
        self._grad: Any = None
        if self.learns and not tensor.is_leaf:
            tensor.register_hook(self._add)

    def _add(self, grad: Any) -> None:
        if grad is None:  # PyTorch's way to say that nothing came
            return
        self._grad = grad.detach().clone() if self._grad is None else self._grad + grad.detach()

    @property
    def grad(self) -> Any:
        """Its gradient, None where there is none."""
        return self.tensor.grad if self.tensor.is_leaf else self._grad

    def noted(self, gradients: bool) -> Note:
        """What is known of it; where gradients were asked for and it has none, also why."""
        tensor = self.tensor
        known = gradients and tensor.is_floating_point() and self.grad is None and tensor.requires_grad == self.learns
        return replace(self.note, grad=(LOST if self.learns else self.note.grad or OFF) if known else "")


class _Tape:
    """What is computed, in order."""

    def __init__(self, torch: Any, module: Any) -> None:
        self.torch, self.module = torch, module
        self.kept: list[_Kept] = []
        self.by_id: dict[int, _Kept] = {}
        self.views: list[Any] = []  # held, so that no other tensor gets their ids
        self.stack: list[str] = []
        self.remarks: list[Bilingual] = []
        self.settings: dict[str, Setting] = {}

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Weights and inputs come first."""
        for name, parameter in self.module.named_parameters():
            self.keep(parameter, name, Note("weight"))
        for name, buffer in self.module.named_buffers():
            self.keep(buffer, name, Note("weight"))
        names = list(inspect.signature(self.module.forward).parameters)
        for k, value in enumerate(args):
            self.given(names[k] if k < len(names) else f"input{k}", value)
        for name, value in kwargs.items():
            self.given(name, value)

    def given(self, name: str, value: Any) -> None:
        """One input of the module."""
        if isinstance(value, self.torch.Tensor) and id(value) not in self.by_id:
            self.keep(value, name, Note("input"))

    def keep(self, tensor: Any, name: str, note: Note, inputs: tuple[_Kept, ...] = ()) -> None:
        """Keep a tensor."""
        kept = _Kept(tensor, name, note, inputs)
        self.kept.append(kept)
        self.by_id[id(tensor)] = kept

    def enter(self, name: str) -> None:
        """A module begins."""
        self.stack.append(name)

    def leave(self, name: str, out: Any) -> None:
        """A module ends: what it gives back is called by its name."""
        if self.stack:
            self.stack.pop()
        for k, tensor in enumerate(_tensors(self.torch, out)):
            kept = self.by_id.get(id(tensor))
            title = (name or "output") + (f".{k}" if k else "")
            if kept is None:
                self.keep(tensor, title, Note(op="module", line=_line(self)[0]))
            elif kept.note.kind == "tensor" and name and kept.note.op != "module":
                kept.name = title
                kept.note = replace(kept.note, op="module")
            if not name:
                self.by_id[id(tensor)].note = replace(self.by_id[id(tensor)].note, result=True)

    def labelled(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """A loss is given labels, and says which of them count and how sure they are."""
        target = args[1] if len(args) > 1 else kwargs.get("target")
        if isinstance(target, self.torch.Tensor) and id(target) not in self.by_id and not target.is_floating_point():
            self.keep(target, "labels", Note("labels"))
        for key in ("ignore_index", "label_smoothing"):
            if kwargs.get(key) is not None:
                self.settings[f"{op}.{key}"] = kwargs[key]

    def call(self, out: Any, name: str, op: str, inputs: tuple[Any, ...]) -> None:
        """A functional call gave this."""
        line, variable = _line(self)
        read = tuple(dict.fromkeys(self.by_id[id(t)] for t in inputs if id(t) in self.by_id))
        where = f"{self.stack[-1]}." if self.stack and self.stack[-1] else ""
        for tensor in (out,) if isinstance(out, self.torch.Tensor) else ():
            if tensor.dtype == self.torch.bool and tensor.ndim > 1 and id(tensor) not in self.by_id:
                self.keep(tensor, where + (variable or op), Note("mask", line, op), read)
        for k, tensor in enumerate(_tensors(self.torch, out)):
            known = self.by_id.get(id(tensor))
            if known is not None and known.tensor is tensor and known.version == tensor._version:
                continue  # given back as it came
            cut = CUT if not tensor.requires_grad and any(each.requires_grad for each in inputs) else ""
            title = where + (name or variable or op) + (f".{k}" if k else "")
            self.keep(tensor, title, Note("tensor", line, op, (), cut), read)

    def same(self, out: Any, source: Any) -> None:
        """A tensor seen otherwise, as ``W.T``: what reads it reads that tensor."""
        if isinstance(out, self.torch.Tensor) and id(source) in self.by_id and id(out) not in self.by_id:
            self.views.append(out)
            self.by_id[id(out)] = self.by_id[id(source)]

    def mode(self) -> Any:
        """The mode that sees every call."""
        torch, tape = self.torch, self
        functional = torch.nn.functional
        Base: Any = torch.overrides.TorchFunctionMode

        class Mode(Base):  # type: ignore[misc]  # a class of a library that mypy does not see
            def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
                kwargs = kwargs or {}
                name = getattr(function, "__name__", "")
                if function is functional.multi_head_attention_forward:
                    was, functional.has_torch_function = functional.has_torch_function, lambda tensors: False
                    try:
                        with self:  # its inside is recorded, too
                            return function(*args, **kwargs)
                    finally:
                        functional.has_torch_function = was
                if name in LABELLED:
                    tape.labelled(name, args, kwargs)
                attends = name == "scaled_dot_product_attention"
                state = torch.get_rng_state() if attends else None
                out = function(*args, **kwargs)
                if attends:
                    dropped = _dropped(torch, function, args, kwargs, state, out)
                    tape.call(dropped, "attn_weights", "dropout", tuple(_tensors(torch, [*args, *kwargs.values()])))
                if name == "scaled_dot_product_attention" and (kwargs.get("is_causal") or args[5:6] == (True,)):
                    given = dict(zip(("query", "key"), args, strict=False)) | kwargs
                    shape = given["query"].shape[-2], given["key"].shape[-2]
                    tape.keep(torch.ones(shape, dtype=torch.bool).tril(), "is_causal", Note("mask"))
                if name == "__get__":
                    tape.same(out, args[0])
                if name not in SILENT:
                    read = tuple(_tensors(torch, [*args, *kwargs.values()]))
                    tape.call(args[0] if name == "__setitem__" else out, "", name.strip("_"), read)
                return out

        return Mode()

    def by_use(self) -> None:
        """Weights in the order in which they are used, each with the call that used it first."""
        uses: dict[str, tuple[int, str]] = {}
        for k, kept in enumerate(self.kept):
            for source in kept.inputs:
                uses.setdefault(source.name, (k, kept.call))
        weights = [kept for kept in self.kept if kept.note.kind == "weight"]
        for kept in weights:
            kept.note = Note("weight", op=uses.get(kept.name, (0, ""))[1])
        weights.sort(key=lambda kept: uses.get(kept.name, (len(self.kept), ""))[0])
        self.kept = [*weights, *(kept for kept in self.kept if kept.note.kind != "weight")]

    def recording(self, gradients: bool) -> Recording:
        """Everything kept, the gradients last in the order of the backward pass."""
        found, names = Recording(remarks=tuple(self.remarks)), list[tuple[str, _Kept]]()
        self.by_use()
        for k, kept in enumerate(self.kept):
            follows = self.kept[k + 1] if k + 1 < len(self.kept) else None
            if (
                follows is not None
                and kept.note.op not in ("module", "")
                and follows.note.line == kept.note.line
                and (follows.name == kept.name)
            ):
                kept.name = kept.name.rpartition(".")[0] + ("." if "." in kept.name else "") + kept.note.op
            names.append((found.add(kept.name, kept.value, kept.noted(gradients)), kept))
        called = {kept: name for name, kept in names}
        for name, kept in names:
            found.notes[name] = replace(found.notes[name], inputs=tuple(called[each] for each in kept.inputs))
        for name, kept in reversed(names) if gradients else ():
            if kept.grad is not None:
                found.add(name + GRAD, kept.grad, Note("grad", kept.note.line))
        return found


def _dropped(torch: Any, function: Any, args: Any, kwargs: Any, state: Any, out: Any) -> Any:
    """The weights that dropout left within PyTorch's own attention, where it is on: the same once more, by the same
    random numbers, over values that each are one key. None where it is off, or where that does not give what came out.
    """
    names = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal")
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    value = given["value"]
    if not given.get("dropout_p") or value.device.type != "cpu":
        return None
    keys = value.shape[-2]
    given["value"] = torch.eye(keys, dtype=value.dtype).expand(*value.shape[:-1], keys)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.set_rng_state(state)
        weights = function(**given)
    groups = weights.shape[-3] // value.shape[-3] if value.ndim > 3 else 1
    again = weights @ (value.repeat_interleave(groups, -3) if groups > 1 else value)
    return weights if torch.allclose(again, out, rtol=1e-3, atol=1e-5) else None


def _tensors(torch: Any, value: Any) -> Iterator[Any]:
    """The floating tensors in a result: one, or a tuple, list or mapping of them."""
    if isinstance(value, torch.Tensor):
        if value.is_floating_point() or value.dtype in (torch.int64, torch.int32):
            yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _tensors(torch, each)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _tensors(torch, each)


def _line(tape: _Tape) -> tuple[str, str]:
    """The line of the user's own source that computed something, FILE:LINE: CODE, and the variable that it is kept in.

    The nearest line that is neither PyTorch's nor transformers'; of a module that is PyTorch's own, its name alone.
    """
    inner: FrameType | None = sys._getframe()
    folders = [str(Path(sys.modules[n].__file__ or "").parent) for n in ("torch", "transformers") if n in sys.modules]
    while inner is not None and not (inner.f_code.co_filename == _HERE and inner.f_code.co_name == "record"):
        if not any(Path(inner.f_code.co_filename).is_relative_to(folder) for folder in (*folders, OURS)):
            return said(inner)
        inner = inner.f_back
    return tape.stack[-1] if tape.stack and tape.stack[-1] else type(tape.module).__name__, ""
