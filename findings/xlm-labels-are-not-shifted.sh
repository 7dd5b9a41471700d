#!/usr/bin/env bash
# Guess: a language model of transformers that is given labels=input_ids shifts them by one, as GPT-2, BERT's LM head and their docstrings say; XLM's and Flaubert's say so, too.
# True:  XLMWithLMHeadModel, FlaubertWithLMHeadModel and XLNetLMHeadModel compare each row with the label in its own place. With labels=input_ids the model learns to copy the word
#        that it reads, the loss falls to nothing, and no warning comes; causal=True changes nothing of it. Whoever trains them has to shift the labels himself.
#        So do the decoders that are taken alone out of BART and its kin (BartForCausalLM, and MBart, Mvp, PLBart, Pegasus, Blenderbot, Marian, TrOCR, Whisper). XGLM's and OPT's shift.
# Seen:  transformers 5.24.0 with torch 2.13.0: the loss is the unshifted one to 1e-6 for all of them; CTRL's, XGLM's and OPT's, beside them, is the shifted one.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 transformers==5.24.0 numpy==2.4.6
cd "$work"
HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error "$work/venv/bin/python" -W ignore - <<'PYTHON'
import torch
import transformers as tf
from torch.nn.functional import cross_entropy

torch.manual_seed(0)
ids = torch.randint(5, 40, (2, 9))
small = {"vocab_size": 50, "emb_dim": 32, "n_layers": 2, "n_heads": 2, "max_position_embeddings": 32}
decoder = {"vocab_size": 50, "d_model": 32, "decoder_layers": 2, "decoder_attention_heads": 2, "decoder_ffn_dim": 64, "pad_token_id": 1}
alone = ("Bart", "MBart", "Mvp", "PLBart", "Pegasus", "Blenderbot", "Marian", "TrOCR", "Whisper")
models = {
    "XLM": tf.XLMWithLMHeadModel(tf.XLMConfig(**small, causal=True)),
    "Flaubert": tf.FlaubertWithLMHeadModel(tf.FlaubertConfig(**small, causal=True)),
    "XLNet": tf.XLNetLMHeadModel(tf.XLNetConfig(vocab_size=50, d_model=32, n_layer=2, n_head=2, d_inner=64)),
    "CTRL": tf.CTRLLMHeadModel(tf.CTRLConfig(vocab_size=50, n_embd=32, n_layer=2, n_head=2, dff=64, n_positions=32)),
    "XGLM": tf.XGLMForCausalLM(tf.XGLMConfig(vocab_size=50, d_model=32, num_layers=2, attention_heads=2, ffn_dim=64)),
    "OPT": tf.OPTForCausalLM(tf.OPTConfig(vocab_size=50, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, ffn_dim=64, word_embed_proj_dim=32)),
}
models |= {name: getattr(tf, f"{name}ForCausalLM")(getattr(tf, f"{name}Config")(**decoder)) for name in alone}
for name, model in models.items():
    with torch.no_grad():
        out = model.eval()(ids, labels=ids)
    own = cross_entropy(out.logits.reshape(-1, 50), ids.reshape(-1))
    following = cross_entropy(out.logits[:, :-1].reshape(-1, 50), ids[:, 1:].reshape(-1))
    print(f"{name:11}loss {out.loss:.5f}   each row beside its own word {own:.5f}, beside the next {following:.5f}")
    expected = following if name in {"CTRL", "XGLM", "OPT"} else own
    assert torch.allclose(out.loss, expected, atol=1e-6) and abs(own - following) > 1e-3
PYTHON
