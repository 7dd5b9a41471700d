"""The configuration of a ``.gguf`` file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tfstep.errors import TfstepError, refusal
from tfstep.families.config import FamilyError
from tfstep.families.gguf import config
from tfstep.scenario.weights.gguf import Gguf, read_header
from tfstep.scenario.weights.weight_file import BadWeightsError
from tfstep.text import Bilingual


def config_of(path: Path) -> dict[str, Any]:
    """Its metadata as a config.json has it. Raises TfstepError."""
    try:
        found = read_header(path)
        shapes = {name: info.shape for name, info in found.tensors.items()}
        return config(found.meta, shapes, lambda name: Gguf(path).read(name).ravel().tolist())
    except (BadWeightsError, FamilyError) as error:
        why = error.why if isinstance(error, BadWeightsError) else error.message
    except OSError as error:
        why = Bilingual("cannot be read: {why}", "无法读取：{why}", why=refusal(error))
    raise TfstepError(Bilingual("{path}: {why}", "{path}：{why}", path=path, why=why))


def has_words(path: Path) -> bool:
    """Whether its pieces of text stand in it."""
    return isinstance(read_header(path).meta.get("tokenizer.ggml.tokens"), list)
