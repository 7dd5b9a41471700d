"""The tokenizer inside a ``.gguf`` file, built anew from its pieces and merges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tfstep.scenario.weights.weight_file import BadWeightsError
from tfstep.text import Bilingual

_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_SPLITS = {  # tokenizer.ggml.pre: how text is cut before pieces are merged
    "default": "",
    "gpt-2": "",
    "smollm": "digits",
    "starcoder": "digits",
    "qwen2": _WORDS % "",
    "llama-bpe": _WORDS % "{1,3}",
}
_CONTROL = 3


def fast(meta: Mapping[str, Any], pieces: Sequence[str | None], begin: int | None, library: Any) -> Any:
    """A tokenizer of the library from a file's metadata, its pieces by id, and the id of the one that begins.

    Raises BadWeightsError for a kind that is not built here.
    """
    kind, pre = meta.get("tokenizer.ggml.model"), meta.get("tokenizer.ggml.pre", "default")
    merges = meta.get("tokenizer.ggml.merges")
    if kind != "gpt2" or pre not in _SPLITS or not isinstance(merges, list):
        raise BadWeightsError(
            Bilingual(
                "its tokenizer ({kind}, {pre}) is not built from here; give --ids",
                "其中的分词器（{kind}，{pre}）无法在此重建；请用 --ids",
                kind=kind,
                pre=pre,
            )
        )
    vocab = {piece: i for i, piece in enumerate(pieces) if piece is not None}
    pairs = [tuple(merge.split(" ", 1)) for merge in map(str, merges) if " " in merge]
    made = library.Tokenizer(library.models.BPE(vocab=vocab, merges=pairs))
    split = library.pre_tokenizers
    steps = []
    if _SPLITS[pre] == "digits":
        steps.append(split.Digits(individual_digits=True))
    elif _SPLITS[pre]:
        steps.append(split.Split(library.Regex(_SPLITS[pre]), "isolated"))
    steps.append(split.ByteLevel(add_prefix_space=False, use_regex=not _SPLITS[pre] or _SPLITS[pre] == "digits"))
    made.pre_tokenizer = split.Sequence(steps)
    kinds = meta.get("tokenizer.ggml.token_type")
    control = [i for i, each in enumerate(kinds) if each == _CONTROL] if isinstance(kinds, list) else []
    made.add_special_tokens([str(pieces[i]) for i in control if i < len(pieces)])
    if meta.get("tokenizer.ggml.add_bos_token") and begin is not None:
        piece = str(pieces[begin])
        made.post_processor = library.processors.TemplateProcessing(
            single=f"{piece} $A", special_tokens=[(piece, begin)]
        )
    return made
