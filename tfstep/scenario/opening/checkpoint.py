"""What stands in a model's folder, or in a ``.gguf`` file: its configuration, its weights, its tokenizer.

Nothing is executed and nothing fetched, and no file outside the folder is followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from tfstep.errors import TfstepError
from tfstep.files import leads_out
from tfstep.scenario.tokens.tokenizer import read_json
from tfstep.scenario.weights.weight_file import PICKLES
from tfstep.text import Bilingual

WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "vocab.json", "vocab.txt")


class Checkpoint(Struct, frozen=True, eq=False):
    """A model on disk. ``weights`` and ``tokenizer`` are file names in ``folder``; ``names`` whose names it has."""

    folder: Path
    title: str
    config: Mapping[str, Any]
    weights: str
    tokenizer: str | None


def checkpoint(path: Path) -> Checkpoint:
    """What is in a folder, or in a ``.gguf`` file. Raises TfstepError, one line, for what is not there or is refused."""
    if not path.exists():
        raise _fault(path, Bilingual("there is no such file or folder", "没有这个文件或文件夹"))
    if path.suffix == ".gguf" and path.is_file():
        from tfstep.scenario.opening.gguf import config_of, has_words

        config = config_of(path)
        return Checkpoint(path.parent, path.stem, config, path.name, path.name if has_words(path) else None)
    file = path / "config.json"
    if not inside(path, file).is_file():
        raise _fault(
            path,
            Bilingual(
                "a folder without config.json; a model's folder has it beside model.safetensors",
                "文件夹里没有 config.json；模型文件夹中它应与 model.safetensors 放在一起",
            ),
        )
    try:
        found = read_json(file)
    except TfstepError as error:
        raise _fault(path, error.message) from None
    if not isinstance(found, dict):
        raise _fault(file, Bilingual("no JSON object", "不是 JSON 对象"))
    weights = next((name for name in WEIGHTS if inside(path, path / name).is_file()), None)
    if weights is None:
        raise _without_weights(path)
    tokenizer = next((name for name in TOKENIZERS if inside(path, path / name).is_file()), None)
    return Checkpoint(path, path.resolve().name, found | pooling(path), weights, tokenizer)


def pooling(path: Path) -> dict[str, Any]:
    """How a sentence-transformers folder pools: keys of its own, which no config.json has."""
    modules = path / "modules.json"
    if not inside(path, modules).is_file():
        return {}
    listed = read_json(modules)
    each = [module for module in listed if isinstance(module, dict)] if isinstance(listed, list) else []
    kinds = [str(module.get("type", "")).rpartition(".")[2] for module in each]
    options = path / "1_Pooling" / "config.json"
    how = read_json(options) if inside(path, options).is_file() else None
    flags = how if isinstance(how, dict) else {}
    modes = {key for key, value in flags.items() if key.startswith("pooling_mode_") and value}
    known = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "first", "pooling_mode_lasttoken": "last"}
    if not set(kinds) <= {"Transformer", "Pooling", "Normalize"} or len(modes) != 1 or not modes <= set(known):
        raise _fault(
            modules,
            Bilingual(
                "pools by {how}, which is not computed",
                "汇聚方式为 {how}，无法计算",
                how=", ".join([*kinds, *sorted(modes)]),
            ),
        )
    return {"tfstep_pooler": known[modes.pop()], "tfstep_pool_unit": "Normalize" in kinds}


def inside(folder: Path, path: Path) -> Path:
    """A path of the folder, its links followed; a link may lead within the folder, or into the cache that the hub's
    own downloads are kept in (``blobs`` beside ``snapshots``). Raises TfstepError for one that leads elsewhere."""
    if not leads_out(folder, path):
        return path
    raise _fault(path, Bilingual("a link that leads out of the folder", "指向文件夹之外的链接"))


def _without_weights(path: Path) -> TfstepError:
    pickle = next((each for each in sorted(path.iterdir()) if each.suffix in PICKLES), None)
    if pickle is not None:
        from tfstep.scenario.weights.files import open_weight_file
        from tfstep.scenario.weights.weight_file import BadWeightsError

        try:
            open_weight_file(pickle)
        except BadWeightsError as error:
            return _fault(pickle, error.why)
    return _fault(
        path,
        Bilingual(
            "no weights beside config.json; needed: {names}",
            "config.json 旁没有权重文件；需要：{names}",
            names=" / ".join(WEIGHTS),
        ),
    )


def _fault(path: Path, why: Bilingual) -> TfstepError:
    return TfstepError(Bilingual("{path}: {why}", "{path}：{why}", path=path, why=why))
