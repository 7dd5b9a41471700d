"""The names that others give the same tensors."""

import pytest

import tfstep
from tfstep.commands.language.session import Session
from tfstep.errors import PathError
from tfstep.families.names import aliases, lookup


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scenario", "name", "path"),
    [
        ("gpt", "transformer.wte.weight", "tgt.E"),
        ("gpt", "transformer.h.0.attn.c_attn.weight", "dec0.attn.W_Q"),
        ("gpt", "transformer.h.0.mlp.c_proj.weight", "dec0.ffn.W_2"),
        ("gpt", "blocks.0.attn.hook_pattern", "dec0.attn.weights"),
        ("gpt", "blocks.0.hook_resid_post", "dec0.add2"),
        ("gpt", "blocks.0.attn.q.hook_out", "dec0.attn.Q"),
        ("gpt", "blocks.0.mlp.out.hook_in", "dec0.ffn.act"),
        ("gpt", "blocks.0.ln1.hook_out", "dec0.norm1"),
        ("gpt", "ln_final.hook_out", "dec.norm"),
        ("gpt", "unembed.hook_out", "out.logits"),
        ("wo-ai-ni", "encoder.layers.0.self_attn.in_proj_weight", "enc0.attn.W_Q"),
        ("wo-ai-ni", "encoder.layers.0.linear1.weight", "enc0.ffn.W_1"),
        ("wo-ai-ni", "encoder.layers.0.norm2.bias", "enc0.norm2.beta"),
        ("steve-builds-a-house", "decoder.layers.0.multihead_attn.out_proj.weight", "dec0.cross.W_O"),
    ],
)
def test_a_tensor_is_found_under_another_name(scenario: str, name: str, path: str) -> None:
    session = Session(tfstep.load(scenario))
    found = lookup(session.trace.plan, name)
    assert found is not None
    assert found.path == path
    session.run(f"show {name}")
    assert path in str(session.asides[0])
    assert name in str(session.asides[0])


def test_every_alias_leads_back_to_its_tensor_or_a_third_of_it() -> None:
    for scenario in ("gpt", "wo-ai-ni", "steve-builds-a-house"):
        plan = tfstep.load(scenario).program.plan
        count = 0
        for node in plan.nodes:
            for alias in aliases(plan, node.path):
                if alias.system != "paper":
                    found = lookup(plan, alias.name)
                    assert found is not None
                    assert found.path == node.path or "third" in str(alias.relation)
                    count += 1
        assert count > 15


def test_the_transpose_is_told() -> None:
    plan = tfstep.load("wo-ai-ni").program.plan
    by_system = {each.system: each for each in aliases(plan, "enc0.attn.W_K")}
    assert "second third" in str(by_system["PyTorch"].relation)
    assert "transposed" in str(by_system["PyTorch"].relation)
    assert "GPT-2" not in by_system, "an encoder is no GPT-2"


def test_a_name_of_nobody_is_refused() -> None:
    session = Session(tfstep.load("gpt"))
    with pytest.raises(PathError):
        session.run("show transformer.h.9.ln_1.weight")


@pytest.mark.slow
def test_a_trace_knows_them_too() -> None:
    trace = tfstep.trace(tfstep.load("gpt"))
    assert trace["blocks.0.attn.hook_pattern"].path == "dec0.attn.weights"
    assert trace["transformer.h.0.mlp.c_fc.weight.grad"].path == "dec0.ffn.W_1.grad"
    with pytest.raises(tfstep.TfstepError):
        trace["blocks.9.attn.hook_pattern"]
