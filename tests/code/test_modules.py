"""A run as a PyTorch module, read as text: torch is not here. Its numbers: `python tests/code/torch_programs.py`."""

import ast
from collections.abc import Iterator

import pytest
from recorded import opened
from written_runs import FORMULA, KEYS, MODELS, NAMES, PARTS, TOLD, reading

import tfstep
from tfstep.code.arrays import Library
from tfstep.code.fold import WIDTH
from tfstep.code.program import whole
from tfstep.engine.trace import Trace
from tfstep.errors import CommandError
from tfstep.scenario.file.catalog import shipped
from tfstep.scenario.scenario import load_text


def module(trace: Trace, backward: bool = True) -> str:
    return whole(trace, "a module", Library.TORCH, backward).text


def classes(text: str) -> dict[str, dict[str, ast.FunctionDef]]:
    """The functions of each class by their names."""
    found = [node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
    return {each.name: {f.name: f for f in each.body if isinstance(f, ast.FunctionDef)} for each in found}


def computed(function: ast.FunctionDef) -> Iterator[str]:
    """What the lines of a forward pass compute themselves: not what it keeps, nor calls of other modules."""
    for node in ast.walk(function):
        value = getattr(node, "value", None)
        if not isinstance(node, (ast.Assign, ast.Return)) or isinstance(value, (ast.Dict, ast.Name, ast.Tuple)):
            continue
        code = ast.unparse(value)
        if not code.startswith("self.") or "(" not in code.partition(" ")[0]:
            yield code


def paths(text: str) -> set[str]:
    """The paths of all tensors that the forward pass puts into T, as PyTorch's names of modules make them."""
    known = classes(text)
    root = [*known][-1]
    first = next(n for n in ast.parse(text).body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "T")
    assert isinstance(first.value, ast.Dict)
    found = {ast.literal_eval(key) for key in first.value.keys if key is not None}
    todo = [("", root)]
    while todo:
        path, name = todo.pop()
        for node in ast.walk(ast.Module([*known[name].values()], [])):
            if not isinstance(node, ast.Assign) or not ast.unparse(node.targets[0]).startswith("self."):
                continue
            inner = f"{path}.{ast.unparse(node.targets[0]).removeprefix('self.')}".strip(".")
            if isinstance(node.value, ast.Dict):
                found |= {f"{path}.{ast.literal_eval(key)}".strip(".") for key in node.value.keys if key is not None}
            elif isinstance(node.value, ast.Call) and ast.unparse(node.value.func) in known:
                todo.append((inner, ast.unparse(node.value.func)))
            elif "torch.nn.Module()" not in ast.unparse(node.value):
                found.add(inner)
    for line in text.splitlines():
        if ".pop(" in line and line.startswith("T["):
            new, old = (part.split('"')[1] for part in line.split("T.pop("))
            found = found - {old} | {new}
    return found


def wanted(trace: Trace) -> set[str]:
    """The leaves and steps of the forward pass."""
    plan = trace.plan
    forward = {node.slot for node in plan.nodes if node.op is not None and node.phase in ("forward", "")}
    leaves = [n for n in plan.nodes if n.op is None and not {*plan.consumers[n.slot]}.isdisjoint(forward)]
    own = [node for node in plan.nodes if node.op is None and node.kind != "constant"]
    return {node.path for node in [*leaves, *own]} | {plan.nodes[slot].path for slot in forward}


def every() -> Iterator[Trace]:
    for name in shipped():
        for variant in tfstep.load(name).variants:
            yield tfstep.trace(tfstep.load(name, variant))
    yield from (tfstep.trace(opened(name)) for name in MODELS)
    yield from (load_text(text).program.trace() for text in (*PARTS, FORMULA, NAMES))
    yield from (load_text(reading(keys, told)).program.trace() for keys in KEYS for told in TOLD)


def test_the_modules_of_every_run_have_all_its_tensors_by_their_paths_in_lines_that_fit() -> None:
    for trace in every():
        text = module(trace)
        assert paths(text) ^ wanted(trace) == set()
        assert [line for line in text.splitlines() if len(line) > WIDTH] == []
        assert [line for line in whole(trace, "flat").text.splitlines() if len(line) > WIDTH] == []


def test_layers_that_are_alike_are_one_class() -> None:
    known = classes(module(tfstep.trace(tfstep.load("the-ball-is-blue"))))
    assert [*known][-1] == "TheBallIsBlue"
    made = ast.unparse(known["TheBallIsBlue"]["__init__"])
    assert made.count("DecoderLayer()") == 2
    assert [name for name in known if name.startswith("DecoderLayer")] == ["DecoderLayer"]
    layer = ast.unparse(known["DecoderLayer"]["forward"])
    assert "cross_out = self.cross(norm1, enc0_norm2)" in layer
    assert "add2 = norm1 + cross_out" in layer


def test_layers_that_differ_are_two() -> None:
    """The window of every second layer of Gemma 2 is a number of its mask; in T5, what is said and what is answered have
    lengths of their own."""
    known = classes(module(tfstep.trace(opened("gemma2"))))
    assert [name for name in known if name.startswith(("DecoderLayer", "Attention"))] == ["Attention", "DecoderLayer"]
    known = classes(module(tfstep.trace(opened("t5"))))
    assert {"Attention", "Attention2", "CrossAttention", "FeedForward", "FeedForward2"} <= {*known}


def test_experts_are_one_class_and_their_shares_are_worked_out_by_who_asks_them() -> None:
    known = classes(module(tfstep.trace(opened("mixtral"))))
    assert [name for name in known if name.startswith("Expert")] == ["Expert"]
    assert "expert1_share = torch.where(router_kept[..., 1:2]" in ast.unparse(known["FeedForward"]["forward"])


def test_a_part_whose_steps_stand_apart_leaves_them_to_the_module_around_it() -> None:
    """T5's encoder has a table of distances before its layers and a norm behind them."""
    known = classes(module(tfstep.trace(opened("t5"))))
    root = known[[*known][-1]]
    assert "self.enc = torch.nn.Module()" in ast.unparse(root["__init__"])
    assert "enc_norm = self.enc.norm(enc1_add2)" in ast.unparse(root["forward"])


def test_a_name_that_a_module_of_pytorch_has_itself_gets_another_there() -> None:
    text = module(load_text(NAMES).program.trace())
    assert "self.type_ = torch.nn.Parameter(" in text
    assert 'state["type_"] = ' in text
    assert 'T["type"] = T.pop("type_")' in text
    assert "named_parameters():" not in text.partition("# backward")[2]


def test_every_share_of_a_gradient_has_its_line() -> None:
    trace = tfstep.trace(tfstep.load("wo-ai-ni"))
    shares = [node.path for node in trace.plan.steps if node.role.name == "share"]
    assert len(shares) == 6
    assert [path for path in shares if f'    T["{path}"] = ' not in module(trace)] == []


def test_pins_are_lines_of_the_module_and_edited_gradients_are_refused() -> None:
    session = tfstep.Session(tfstep.load("wo-ai-ni"))
    session.run("set enc0.attn.weights[0,0,1,2] = 0.5")
    text = module(session.trace)
    assert "weights_computed = torch.softmax(masked, dim=-1)" in text
    assert "        weights = torch.where(\n            torch.tensor([[[[False," in text
    assert '"weights.computed": weights_computed' in text
    session.run("set enc0.attn.V.grad[0,0,0,0] = 3")
    with pytest.raises(CommandError, match="autograd"):
        module(session.trace)


OPTIMIZERS = [
    ("train: {lr: 0.2}", "torch.optim.SGD(model.parameters(), lr=0.2)"),
    (
        "train: {lr: 0.2, momentum: 0.9, nesterov: true, weight_decay: 0.1}",
        "torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9, weight_decay=0.1, nesterov=True)",
    ),
    (
        "train: {momentum: 0.9, dampening: 0.5}",
        "torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, dampening=0.5)",
    ),
    (
        "train: {optimizer: adamw, weight_decay: 0}",
        "torch.optim.AdamW(model.parameters(), lr=0.1, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.0)",
    ),
    ("train: {lr: -1}", ""),  # which PyTorch refuses
    ("train: {clip_norm: 0.2}", ""),
    ("train: {clip_value: 0.2}", ""),
    ("train: {accumulate: 2}", ""),
    ("train: {loss_scale: 8}", ""),
    ("train: {schedule: {kind: cosine}}", ""),
    ("train: {freeze: [out.b]}", ""),
]


@pytest.mark.parametrize(("told", "call"), OPTIMIZERS)
def test_the_optimizer_is_that_of_pytorch_where_it_makes_the_same_update(told: str, call: str) -> None:
    text = module(load_text(reading("", told)).program.trace())
    made = [ast.unparse(node.value) for node in ast.parse(text).body if ast.unparse(node).startswith("optimizer = ")]  # type: ignore[attr-defined]  # an assignment
    assert made == ([call] if call else [])
    assert '    for path, _ in model.named_parameters():\n        T[f"{path}.' in text or call or "freeze" in told


def test_an_optimizer_that_remembers_is_written_out() -> None:
    scenario = load_text(reading("", "train: {momentum: 0.9}"))
    first = scenario.program.trace()
    assert "torch.optim" in module(first)
    assert "torch.optim" not in module(first.advance())


@pytest.mark.parametrize("name", ["causal-mask", "padding"])
def test_half_precision_is_rounded_where_ours_is_forward_and_back(name: str) -> None:
    """Each step is rounded, what a tensor of several uses gets back from each, and a softmax runs in the half type, whose
    result its gradient reads."""
    trace = tfstep.trace(tfstep.load(name, "float16"))
    text = module(trace)
    known = classes(text)
    lines = [line for functions in known.values() for line in computed(functions["forward"])]
    assert len(lines) > 20
    exact = [node for node in trace.plan.steps if node.phase == "forward" and not node.rounds]
    assert [line for line in lines if "half(" not in line and "torch.float16" not in line] == [
        "torch.nn.functional.cross_entropy(out_logits.flatten(0, -2)[:4], labels.flatten()[:4])" for _ in exact
    ]
    attention = ast.unparse(known["Attention"]["forward"])
    assert all(f"{each}_proj = half(half(x, 'float16') @ " in attention for each in "qkv")
    assert "torch.softmax(masked.to(torch.float16), dim=-1).to(torch.float32)" in attention
    assert "torch.optim" not in text
    alone = module(trace, backward=False)
    assert "half(half(" not in alone
    assert ".grad" not in alone


def test_the_backward_pass_starts_at_the_scaled_loss() -> None:
    trace = load_text(reading("", "train: {loss_scale: 1024}")).program.trace()
    assert 'T["loss.scaled"].backward()' in module(trace)
    assert "\nloss.backward()" in module(load_text(reading("", "")).program.trace())


def test_a_bare_number_beside_a_tensor_keeps_its_digits() -> None:
    text = module(load_text(reading("clip_qkv: 0.2", "")).program.trace())
    assert "torch.tensor(0.2, dtype=torch.float64)" in text
    assert "as_tensor" not in text


def test_without_a_backward_pass_no_gradient_is_asked_for() -> None:
    trace = tfstep.trace(tfstep.load("attention"))
    assert "], requires_grad=True)" in module(trace)
    alone = module(trace, backward=False)
    assert "requires_grad" not in alone
    assert "with torch.no_grad():\n    loss = model(x, target)" in alone
