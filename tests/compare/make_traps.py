"""Record what libraries do otherwise than one guesses, as `traps/` beside this script: each run, and the scenario it is held to.

    PYTHONPATH=. python tests/compare/make_traps.py

needs PyTorch and transformers (recorded with 2.13.0 and 5.24.0); the everyday tests read the files.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import BertConfig, BertForMaskedLM, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

import tfstep
import tfstep.torch

FOLDER = Path(__file__).with_name("traps")
OFF = {"attn_implementation": "eager"}


class Loss(nn.Module):
    """The loss that the library itself computes."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.model(input_ids=ids, labels=ids).loss


def moved(model: Any, by: float = 0.3) -> Any:
    """With weights that are in no way special."""
    for parameter in model.parameters():
        parameter.data += by * torch.randn(parameter.shape)
    return model.eval()


def kept(name: str, recording: tfstep.Recording, model: Any = None) -> None:
    """Write a run, and the model that it is of."""
    recording.save(FOLDER / f"{name}.safetensors")
    if model is not None:
        with tempfile.TemporaryDirectory() as folder:
            model.save_pretrained(folder)
            for file in ("config.json", "model.safetensors"):
                (FOLDER / name).mkdir(exist_ok=True)
                (FOLDER / name / file).write_bytes((Path(folder) / file).read_bytes())


def main() -> None:
    """Record and write."""
    torch.manual_seed(0)
    FOLDER.mkdir(exist_ok=True)
    ids = torch.tensor([[3, 4, 5, 6, 7]])

    bert = moved(BertForMaskedLM(BertConfig(vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
                 intermediate_size=12, max_position_embeddings=6, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
                 **OFF)))  # fmt: skip
    four = torch.tril(torch.ones(1, 1, 5, 5, dtype=torch.bool))
    kept("added", tfstep.torch.record(bert, input_ids=ids, attention_mask=four), bert)

    shape = {"vocab_size": 9, "n_positions": 8, "n_embd": 8, "n_layer": 1, "n_head": 2, "bos_token_id": 0, "eos_token_id": 0,
             "resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}  # fmt: skip
    gpt = moved(GPT2LMHeadModel(GPT2Config(**shape, **OFF)))
    places = torch.tensor([[0, 1, 4, 5, 6]])
    kept("cut", tfstep.torch.record(gpt, input_ids=ids, position_ids=places, use_cache=False), gpt)
    gpt = gpt.double()
    kept("single-loss", tfstep.torch.record(Loss(gpt), ids, loss=lambda y: y), gpt)

    llama = moved(LlamaForCausalLM(LlamaConfig(vocab_size=9, hidden_size=32, intermediate_size=12, num_hidden_layers=1,
                  num_attention_heads=1, num_key_value_heads=1, **OFF)), 0.1)  # fmt: skip
    llama = llama.to(torch.bfloat16).float()
    kept("rounded-rope", tfstep.torch.record(llama, input_ids=ids.repeat(1, 4)), llama)

    layer = moved(nn.TransformerEncoderLayer(8, 2, 12, batch_first=True))
    x, far = torch.randn(2, 5, 8), -0.5 * (torch.arange(5)[:, None] - torch.arange(5)).abs().float()
    with torch.no_grad():
        run = tfstep.torch.record(layer, x, src_mask=far)
        assert "gives other numbers" in str(run.remarks[0]), run.remarks
        assert not tfstep.torch.record(layer, x).remarks
        torch.backends.mha.set_fastpath_enabled(False)
        slow = layer(x, src_mask=far)
        torch.backends.mha.set_fastpath_enabled(True)
        assert abs(run["norm2"] - slow.numpy()).max() < 1e-6, "the recording is the slow path's"
    kept("float-mask", run)


if __name__ == "__main__":
    main()
