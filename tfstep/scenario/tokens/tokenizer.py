"""A tokenizer's file: its pieces, read here; text is cut into them by the libraries `tokenizers` and `sentencepiece`.

``tokenizer.json`` · ``vocab.json`` with ``merges.txt``, or with ``source.spm`` and ``target.spm`` (Marian) ·
``tokenizer.model`` or ``.spm`` (sentencepiece) ·
``vocab.txt`` (WordPiece) · a ``.gguf`` file. Which pieces pad, begin and end is told by the configuration beside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from tfstep.errors import TfstepError, refusal
from tfstep.scenario.tokens.gguf import fast
from tfstep.scenario.tokens.pieces import alone, as_bytes, in_sentence, numbered, stand_ins
from tfstep.scenario.weights.gguf import header
from tfstep.scenario.weights.weight_file import BadWeightsError
from tfstep.text import Bilingual

MOST_BYTES = 200_000_000
_MODELS = ("config.json", "generation_config.json")  # which say of the model, not of its tokenizer
_ROLES = {"pad": "pad_token", "begin": "bos_token", "end": "eos_token", "unknown": "unk_token"}


class TokenizerError(TfstepError):
    """A tokenizer's file that cannot be read, or cannot do what is asked."""


class Pieces(Sequence[str]):
    """The pieces of a vocabulary as they are written, each made when it is asked for; ids without one are numbers."""

    def __init__(self, raw: Sequence[str | None], size: int, byte_level: bool) -> None:
        self.raw, self.size, self.byte_level = raw, size, byte_level

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(self.size)))
        i = index + self.size if index < 0 else index
        if not 0 <= i < self.size:
            raise IndexError(index)
        piece = self.raw[i] if i < len(self.raw) else None
        return numbered(i) if piece is None else alone(piece, self.byte_level)

    def __iter__(self) -> Iterator[str]:
        return (self[i] for i in range(self.size))

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


class Tokenizer:
    """One tokenizer. ``pieces`` are as its file spells them, by id. Raises TokenizerError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = path.parent

    @cached_property
    def _json(self) -> Mapping[str, Any]:
        found = read_json(self.path)
        if not isinstance(found, dict):
            raise self.fault(Bilingual("no tokenizer", "不是分词器文件"))
        return found

    @property
    def _whole(self) -> bool:
        """Whether it says how text is cut too; a vocab.json has pieces and ids alone, "model" perhaps among them."""
        return isinstance(self._json.get("model"), dict)

    @cached_property
    def _meta(self) -> Mapping[str, Any]:
        """The metadata of a ``.gguf`` file."""
        try:
            return header(self.path)
        except BadWeightsError as bad:
            raise self.fault(bad.why) from None

    @cached_property
    def pieces(self) -> Sequence[str | None]:
        """Every piece by id, None where an id has none."""
        reader: Callable[[], Mapping[str, int] | Sequence[str | None]] = {
            ".json": self._of_json,
            ".txt": self._of_text,
            ".model": self._of_sentencepiece,
            ".spm": self._of_sentencepiece,
            ".gguf": self._of_gguf,
        }.get(self.path.suffix, self._unknown)
        found = reader()
        if not isinstance(found, Mapping):
            return found
        size = 1 + max((i for i in found.values() if type(i) is int), default=-1)
        if size > 4_000_000:
            raise self.fault(Bilingual("an id of {n}", "出现编号 {n}", n=size - 1))
        table: list[str | None] = [None] * size
        for piece, i in found.items():
            if type(i) is int and i >= 0:
                table[i] = piece
        return table

    def _of_json(self) -> Mapping[str, int] | Sequence[str | None]:
        found = self._json
        vocab = found["model"].get("vocab") if self._whole else found
        table: dict[str, int]
        if isinstance(vocab, dict) and vocab and all(type(i) is int for i in vocab.values()):
            table = dict(vocab)
        elif isinstance(vocab, list):  # Unigram: [piece, score]
            table = {str(entry[0]): i for i, entry in enumerate(vocab) if isinstance(entry, list) and entry}
        else:
            raise self.fault(Bilingual("no pieces with their ids in it", "其中没有词元及其编号"))
        added = found.get("added_tokens")
        for token in added if isinstance(added, list) else ():
            if isinstance(token, dict) and isinstance(token.get("content"), str) and type(token.get("id")) is int:
                table[token["content"]] = token["id"]
        return table

    def _of_text(self) -> Sequence[str]:
        try:
            with self.path.open("rb") as file:
                data = file.read(MOST_BYTES)
        except OSError as error:
            raise self.fault(Bilingual("cannot be read: {why}", "无法读取：{why}", why=refusal(error))) from None
        return data.decode("utf-8", "replace").splitlines()

    def _of_sentencepiece(self) -> Sequence[str]:
        processor = self._processor
        return [processor.id_to_piece(i) for i in range(processor.get_piece_size())]

    def _of_gguf(self) -> Sequence[str]:
        found = self._meta.get("tokenizer.ggml.tokens")
        if not isinstance(found, list):
            raise self.fault(Bilingual("no tokens in it", "其中没有词元"))
        return [str(piece) for piece in found]

    def _unknown(self) -> Sequence[str]:
        raise self.fault(
            Bilingual(
                "no tokenizer; allowed: tokenizer.json, vocab.json, vocab.txt, tokenizer.model, .spm, .gguf",
                "不是分词器文件；可用：tokenizer.json、vocab.json、vocab.txt、tokenizer.model、.spm、.gguf",
            )
        )

    @cached_property
    def byte_level(self) -> bool:
        """Whether its pieces are spelled in bytes."""
        if self.path.suffix == ".gguf":
            return bool(self._meta.get("tokenizer.ggml.model") == "gpt2")
        if self.path.suffix != ".json":
            return False
        if not self._whole:
            return not self._two_sided
        parts = [self._json.get(part) for part in ("pre_tokenizer", "decoder", "post_processor")]
        return any('"ByteLevel"' in json.dumps(part) for part in parts if part)

    @property
    def broken(self) -> Bilingual | None:
        """Why it cannot be read, or None where it can."""
        try:
            _ = self.pieces, self.ends
        except TokenizerError as error:
            return error.message
        return None

    def written(self, size: int) -> Pieces:
        """Its vocabulary as it is shown, of so many ids. Raises TokenizerError where it has more."""
        if len(self.pieces) > size:
            raise self.fault(
                Bilingual(
                    "{n} pieces; the model has {size} words",
                    "有 {n} 个词元；而模型的词表有 {size} 个",
                    n=len(self.pieces),
                    size=size,
                )
            )
        return Pieces(self.pieces, size, self.byte_level)

    def words(self, ids: Sequence[int]) -> tuple[str, ...]:
        """The pieces of a sentence as they are shown there."""
        pieces = [self.pieces[i] if i < len(self.pieces) else None for i in ids]
        spelled = [piece if piece is not None else numbered(i) for i, piece in zip(ids, pieces, strict=True)]
        return tuple(in_sentence(spelled, self.byte_level))

    def text(self, ids: Sequence[int]) -> str:
        """What the pieces of a text spell together, without those that begin, end or fill it up."""
        silent = self.ends | {each for name in ("pad", "begin") if (each := self.role(name)) is not None}
        raw = b""
        for i in ids:
            piece = self.pieces[i] if 0 <= i < len(self.pieces) else None
            if i in silent:
                continue
            spelled = None if piece is None else as_bytes(piece, self.byte_level)
            if spelled is None:
                piece = numbered(i) if piece is None else piece if self.byte_level else piece.replace("▁", " ")
                spelled = piece.encode()
            raw += spelled
        return raw.decode("utf-8", "replace")

    def left_out(self, text: str) -> str:
        """The characters of a text with bytes that no piece stands for: pieces of bytes have no unknown word, and the
        library leaves such bytes out without a word.
        """
        if self.path.suffix != ".json" or not self.byte_level:
            return ""
        if self._whole and self._json["model"].get("unk_token") is not None:
            return ""
        letters = {byte: letter for letter, byte in stand_ins().items()}
        known = {byte for byte, letter in letters.items() if letter in self._by_piece}
        return "".join(dict.fromkeys(letter for letter in text if not known.issuperset(letter.encode())))

    @cached_property
    def _two_sided(self) -> bool:
        """Whether each side is cut by a file of its own, into pieces that one ``vocab.json`` numbers."""
        return self.path.name == "vocab.json" and (self.folder / "source.spm").is_file()

    def _of_side(self, text: str, decoding: bool) -> list[int]:
        """As Marian cuts: the code of a language, ``>>fra<<``, first, and the end token last."""
        side = Tokenizer(self.path.with_name("target.spm" if decoding else "source.spm"))
        code = re.match(r">>.*?<<", text, re.DOTALL)
        pieces = [code[0]] if code else []
        pieces += side._processor.encode(text[code.end() :] if code else text, out_type=str)
        unknown, end = (self.role(name) for name in ("unknown", "end"))
        unknown = self._by_piece.get("<unk>") if unknown is None else unknown
        if unknown is None or end is None:
            missing = _ROLES["unknown" if unknown is None else "end"]
            raise self.fault(Bilingual("no {it} beside it", "旁边没有说明 {it}", it=missing))
        return [*(self._by_piece.get(piece, unknown) for piece in pieces), end]

    def encode(self, text: str, decoding: bool = False) -> list[int]:
        """A text as ids, with the special tokens that it adds; ``decoding`` one that the decoder reads.

        Raises TokenizerError where the library is missing.
        """
        if self._two_sided:
            return self._of_side(text, decoding)
        if self.path.suffix in (".model", ".spm"):
            ids = list(map(int, self._processor.encode(text)))
            begin, end = self.role("begin"), self.role("end")
            config = self._config
            first = [begin] if begin is not None and config.get("add_bos_token") else []
            last = [end] if end is not None and config.get("add_eos_token", self.path.suffix == ".spm") else []
            return [*first, *ids, *last]
        return list(map(int, self._fast.encode(text).ids))

    @cached_property
    def _fast(self) -> Any:
        library = _library("tokenizers")
        try:
            if self.path.suffix == ".gguf":
                return fast(self._meta, self.pieces, self.role("begin"), library)
            if self.path.suffix == ".txt":
                return library.BertWordPieceTokenizer(
                    str(self.path), lowercase=bool(self._config.get("do_lower_case", True))
                )
            if self._whole:
                found = library.Tokenizer.from_file(str(self.path))
                found.no_padding()  # what a file asks for batches of its own
                found.no_truncation()
                return found
            merges = self.path.with_name("merges.txt")
            return library.ByteLevelBPETokenizer(str(self.path), str(merges))
        except BadWeightsError as bad:
            raise self.fault(bad.why) from None
        except Exception as error:
            if type(error) is not Exception:  # the library raises plain Exception for whatever is wrong in a file
                raise
            raise self.fault(Bilingual("{why}", "{why}", why=str(error)[:200])) from None

    @cached_property
    def _processor(self) -> Any:
        library = _library("sentencepiece")
        try:
            return library.SentencePieceProcessor(model_file=str(self.path))
        except (OSError, RuntimeError):
            raise self.fault(Bilingual("damaged or cut short", "文件损坏或不完整")) from None

    @cached_property
    def _config(self) -> Mapping[str, Any]:
        """What stands beside it: tokenizer_config.json, special_tokens_map.json, config.json, the first to say."""
        return self._beside(*_MODELS, "special_tokens_map.json", "tokenizer_config.json")

    def _beside(self, *names: str) -> Mapping[str, Any]:
        """What these files say together, the last to say it."""
        found: dict[str, Any] = {}
        for name in names:
            path = self.folder / name
            if path.is_file():
                each = read_json(path)
                found |= {k: v for k, v in each.items() if v is not None} if isinstance(each, dict) else {}
        return found

    def role(self, name: str) -> int | None:
        """The id of the piece that has a role: pad, begin, end, unknown."""
        if self.path.suffix == ".gguf":
            key = {"pad": "padding", "begin": "bos", "end": "eos", "unknown": "unknown"}[name]
            found = self._meta.get(f"tokenizer.ggml.{key}_token_id")
            return found if isinstance(found, int) else None
        token = self._config.get(_ROLES[name])
        spelled = token.get("content") if isinstance(token, dict) else token
        if isinstance(spelled, str) and spelled in self._by_piece:
            return self._by_piece[spelled]
        found = self._config.get(f"{_ROLES[name]}_id")
        found = found[0] if isinstance(found, list) and found else found
        return found if type(found) is int else None

    @property
    def ends(self) -> frozenset[int]:
        """The ids that end a text, those of `generation_config.json` included."""
        end = self.role("end")
        return self.told_ends | (set() if end is None else {end})

    @property
    def told_ends(self) -> frozenset[int]:
        """Those of them that the model's own configuration tells."""
        if self.path.suffix == ".gguf":
            return frozenset()
        listed = self._beside(*_MODELS).get("eos_token_id")
        return frozenset(each for each in (listed if isinstance(listed, list) else [listed]) if type(each) is int)

    @cached_property
    def _by_piece(self) -> Mapping[str, int]:
        return {piece: i for i, piece in enumerate(self.pieces) if piece is not None}

    def fault(self, why: Bilingual) -> TokenizerError:
        """The error for this file."""
        return TokenizerError(Bilingual("{file}: {why}", "{file}：{why}", file=self.path.name, why=why))


def read_json(path: Path) -> object:
    """A JSON file, bounded. Raises TokenizerError where it is none."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        why = Bilingual("cannot be read: {why}", "无法读取：{why}", why=refusal(error))
        raise TokenizerError(Bilingual("{file}: {why}", "{file}：{why}", file=path.name, why=why)) from None
    try:
        return json.loads(data) if len(data) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        why = Bilingual("no JSON", "不是 JSON")
        raise TokenizerError(Bilingual("{file}: {why}", "{file}：{why}", file=path.name, why=why)) from None


def _library(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError:
        raise TokenizerError(
            Bilingual(
                "text is cut into tokens by the library {name}, which is not there; "
                "pip install 'tfstep[models]', or give --ids",
                "把文本切分为词元需要 {name} 库，但未安装；请执行 pip install 'tfstep[models]'，或改用 --ids",
                name=name,
            )
        ) from None
