"""Record what the debugger of transformers writes of a tiny model, as `debugged/` beside this script.

    PYTHONPATH=. python tests/compare/make_debugged.py

needs PyTorch and transformers (recorded with 2.13.0 and 5.24.0); the everyday tests read the files. Files of inputs are
left out: they are outputs of the module before.
"""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel, model_addition_debugger_context

FOLDER = Path(__file__).with_name("debugged")


def main() -> None:
    """Record and write."""
    torch.manual_seed(0)
    shape = {
        "vocab_size": 5,
        "n_positions": 4,
        "n_embd": 4,
        "n_layer": 1,
        "n_head": 2,
        "bos_token_id": 0,
        "eos_token_id": 0,
    }
    model = GPT2LMHeadModel(GPT2Config(**shape)).eval()
    for parameter in model.parameters():
        parameter.data += 0.3 * torch.randn(parameter.shape)
    model.save_pretrained(FOLDER / "model")
    for kind in ("files", "printed"):
        with model_addition_debugger_context(
            model, debug_path=str(FOLDER / kind), do_prune_layers=False, use_repr=kind == "printed"
        ):
            model(input_ids=torch.tensor([[1, 2, 3]]))
    for file in (*FOLDER.rglob("*_inputs_*"), *FOLDER.rglob("*SUMMARY*"), *FOLDER.rglob("generation_config.json")):
        file.unlink()


if __name__ == "__main__":
    main()
