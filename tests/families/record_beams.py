"""Record what transformers' `generate` says of the tiny models in ``models/``, greedy with a repetition penalty and by
beams: ``python tests/families/record_beams.py`` writes ``beams.json`` beside this file.

The models are random and all words nearly as likely, so their weights are made larger (`WIDER`), and many words end.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
import transformers
from record_beams_cases import CASES, ENDS, IDS, START, WIDER

HERE = Path(__file__).parent


def main() -> None:
    """Every model with every way to generate."""
    found: dict[str, object] = {"transformers": transformers.__version__, "torch": torch.__version__}
    for name, ends in ENDS.items():
        both = name == "t5"
        kind = transformers.AutoModelForSeq2SeqLM if both else transformers.AutoModelForCausalLM
        model = kind.from_pretrained(HERE / "models" / name, dtype=torch.float64).eval()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(WIDER)
        for title, told in CASES.items():
            asked = dict(told, max_new_tokens=7, do_sample=False, eos_token_id=ends, pad_token_id=0)
            if both:
                asked["decoder_input_ids"] = torch.tensor([START])
            out = model.generate(
                torch.tensor([IDS]),
                attention_mask=torch.ones(1, len(IDS), dtype=torch.long),
                num_return_sequences=told["num_beams"],
                return_dict_in_generate=True,
                output_scores=True,
                **asked,
            )
            read = len(START) if both else len(IDS)
            said = []
            for row in out.sequences[:, read:].tolist():
                end = next((k + 1 for k, word in enumerate(row) if word in ends), len(row))
                said.append(row[:end])
            scores = out.sequences_scores.tolist() if told["num_beams"] > 1 else None
            found[f"{name}.{title}"] = {"said": said, "scores": scores}
    (HERE / "beams.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
