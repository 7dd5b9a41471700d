"""The end of a path says the same as the role of its node."""

import pytest

from tfstep import load, trace
from tfstep.address.roles import GRAD, NEW, PathParts, owner, path_parts


@pytest.mark.parametrize("scenario", ["wo-ai-ni", "gpt", "steve-builds-a-house", "backprop-by-hand"])
def test_a_path_says_the_role_of_its_node(scenario: str) -> None:
    plan = trace(load(scenario)).plan
    seen = set()
    for node in plan.nodes:
        found = path_parts(node.path)
        seen.add(node.role.name)
        assert found.mark == node.role.mark
        if not node.path.endswith("_before"):  # what the optimizer starts from is a leaf of its own
            assert owner(node.path) == plan.base(node).path
        if node.role.consumer is not None:
            assert found.consumer == plan.nodes[node.role.consumer].path
    assert {"value", "gradient"} <= seen


def test_a_name_that_only_begins_so_is_a_name() -> None:
    assert path_parts("a.gradient") == PathParts("a.gradient")
    assert path_parts("a.newer") == PathParts("a.newer")
    assert path_parts("a.grad/b.new") == PathParts("a", GRAD, "b.new")
    assert path_parts("a.new") == PathParts("a", NEW)


def test_a_plan_knows_what_belongs_to_a_tensor() -> None:
    plan = trace(load("wo-ai-ni")).plan
    weight, used = plan.paths["enc0.attn.W_Q"], plan.paths["enc0.attn.Q"]
    gradient, new = plan.gradient(weight), plan.new(weight)
    assert gradient is not None
    assert new is not None
    assert (gradient.path, new.path, plan.new(used)) == ("enc0.attn.W_Q.grad", "enc0.attn.W_Q.new", None)
    several = next(node for node in plan.nodes if plan.shares(node))
    assert len(plan.shares(several)) > 1
    assert {plan.base(share).path for share in plan.shares(several)} == {several.path}
