"""The names of PyTorch, GPT-2 and TransformerLens find their tensors on the command line too."""

import pytest

from tfstep.faces.cli.main import main


@pytest.mark.parametrize(
    ("asked", "ours", "said"),
    [
        ("blocks.0.attn.hook_pattern", "enc0.attn.weights", "blocks.0.attn.hook_pattern is enc0.attn.weights"),
        ("encoder.layers.0.linear1.weight", "enc0.ffn.W_1", "(transposed: (out, in))"),
        ("encoder.layers.0.linear1.weight.grad", "enc0.ffn.W_1.grad", "(transposed: (out, in))"),
    ],
)
def test_dump_and_explain_take_the_names_of_others(
    asked: str, ours: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dump", "wo-ai-ni", asked, "--format", "csv"]) == 0
    out, err = capsys.readouterr()
    assert f"\n{ours},0 0" in out
    assert said in err
    index = "[0,0,1,2]" if ours.endswith("weights") else "[1,2]"
    assert main(["explain", "wo-ai-ni", asked + index, "--json"]) == 0
    assert f'"cell": "{ours}{index}"' in capsys.readouterr().out
