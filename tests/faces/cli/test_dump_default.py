"""What `dump` prints without a PATTERN: the forward pass, whatever the optimizer remembers."""

import json

import pytest

from tfstep.faces.cli.main import main


@pytest.mark.parametrize("name", ["wo-ai-ni", "gpt"])  # plain descent; Adam
def test_without_a_pattern_the_forward_pass_is_printed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dump", name, "--format", "json"]) == 0
    tensors = json.loads(capsys.readouterr().out)["tensors"]
    assert {each["phase"] for each in tensors} == {"forward", None}
    assert tensors[-1]["path"] == "loss"
    assert main(["dump", name, "*", "--format", "json"]) == 0
    everything = json.loads(capsys.readouterr().out)["tensors"]
    assert (len(everything) > len(tensors)) == (name == "gpt")
