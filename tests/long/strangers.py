"""What others bring: models on disk, their tokenizers, recordings, masks and answers to an exam, whole and then broken."""

from __future__ import annotations

import io
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import grammar
import numpy as np
from trying import Kind

import tfstep
from tfstep import work
from tfstep.code.program import whole
from tfstep.commands.language.session import Session
from tfstep.lessons.exam.grade import grade, read_answers
from tfstep.lessons.exam.paper import paper
from tfstep.scenario.weights.weight_file import BadWeightsError

FAMILIES = Path(__file__).parent.parent / "families"
sys.path.append(str(FAMILIES))
from test_gguf import written  # noqa: E402  # a model as llama.cpp's converter writes it

MODELS = FAMILIES / "models"
VALUES = ("0", "1", "-1", "2", "3", "0.5", "null", "true", "false", "[]", "{}", "[1]", "1e400", "1e-9")
VALUES += ('"relu"', '"x"', "9" * 30, '{"type": "x"}')
MASKED = (
    "tfstep: 1\nmodel: {kind: encoder, layers: 1, d_model: 4, heads: 2, mask: {custom: w}}\n"
    "vocab: [<pad>, a, b, c]\ninput: {source: a b c}\n"
)


def patient(watcher: Callable[[], work.Watcher], attempt: Callable[[str], object]) -> Callable[[str], None]:
    """The same, stopped when it takes long."""

    def tried(case: str) -> None:
        try:
            with work.watched(watcher()):
                attempt(case)
        except work.Cancelled:
            return

    return tried


def changed(draw: random.Random, text: str) -> str:
    """JSON with a few of its values, at any depth, gone or others; sometimes cut as text besides."""
    whole = json.loads(text)
    for _ in range(draw.randint(0, 3)):
        holder = whole
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                break
            key = draw.choice(keys)
            if isinstance(holder[key], dict | list) and draw.random() < 0.8:
                holder = holder[key]
                continue
            if draw.random() < 0.2:
                del holder[key]
            else:
                holder[key] = json.loads(draw.choice(VALUES)) if draw.random() < 0.8 else draw.choice(grammar.EVIL)
            break
    text = json.dumps(whole)
    return grammar.broken(draw, text) if draw.random() < 0.2 else text


def folders() -> dict[str, Path]:
    """The recorded models that are there, by name."""
    return {path.parent.name: path.parent for path in sorted(MODELS.glob("*/config.json"))}


def config_case(draw: random.Random) -> str:
    name, folder = draw.choice(sorted(folders().items()))
    return f"{name}\n{changed(draw, (folder / 'config.json').read_text('utf-8'))}"


def tokenizer_case(draw: random.Random) -> str:
    """Tokenizers of three sorts with as many pieces as the small Llama has words."""
    pieces = ["<s>", "</s>", "<unk>", *"abcdefghijklmnopqrstuvwxyz", "Ġ", "▁", "ab", "##b", "我", "▁a", "Ġa", "x"]
    vocab = {piece: k for k, piece in enumerate(dict.fromkeys(pieces).keys())}
    vocab = dict(list(vocab.items())[:37])
    model = draw.choice(
        (
            {"type": "BPE", "vocab": vocab, "merges": ["a b", "Ġ a"], "unk_token": "<unk>", "byte_fallback": False},
            {"type": "WordPiece", "vocab": vocab, "unk_token": "<unk>", "continuing_subword_prefix": "##"},
            {"type": "Unigram", "vocab": [[piece, -1.0 * k] for piece, k in vocab.items()], "unk_id": 2},
            {"type": "WordLevel", "vocab": vocab, "unk_token": "<unk>"},
        )
    )
    template = {"single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]}
    special = {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}}
    whole = {
        "version": "1.0",
        "added_tokens": [{"id": 0, "content": "<s>", "special": True, "lstrip": False, "normalized": False}],
        "normalizer": draw.choice(
            (None, {"type": "NFKC"}, {"type": "Sequence", "normalizers": [{"type": "Lowercase"}]})
        ),
        "pre_tokenizer": draw.choice(
            (
                {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True},
                {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"},
                {
                    "type": "Split",
                    "pattern": {"Regex": draw.choice(("\\s+", "(a+)+b", "[", "(?i:'s)|\\p{L}+"))},
                    "behavior": "Isolated",
                },
                {"type": "Whitespace"},
                None,
            )
        ),
        "post_processor": draw.choice((None, {"type": "TemplateProcessing", **template, "special_tokens": special})),
        "decoder": draw.choice((None, {"type": "ByteLevel"}, {"type": "WordPiece", "prefix": "##"})),
        "model": model,
    }
    return f"llama\n{changed(draw, json.dumps(whole))}"


def gguf_case(draw: random.Random) -> str:
    """A small Llama in one file with a few of its bytes others: most of them in its head."""
    with tempfile.TemporaryDirectory() as folder:
        written(Path(folder) / "m.gguf")
        found = bytearray((Path(folder) / "m.gguf").read_bytes())
    for _ in range(draw.randint(0, 4)):
        at = draw.randrange(draw.choice((32, 500, 3000, len(found))))
        found[at : at + draw.choice((0, 1, 1, 4, 8))] = draw.choice(
            (b"", b"\xff", b"\0", b"\xff" * 8, bytes([draw.randrange(256)]))
        )
    if draw.random() < 0.1:
        del found[draw.randrange(len(found)) :]
    return found.decode("latin-1")


def gguf_opened(case: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "m.gguf"
        file.write_bytes(case.encode("latin-1", "replace"))
        tfstep.trace(tfstep.load(file, ids=[1, 2]))


def opened(file: str, case: str) -> None:
    """A recorded model's folder with one of its files replaced: open it, run it, and write it as a program."""
    name, _, text = case.partition("\n")
    if name not in folders():
        return
    with tempfile.TemporaryDirectory() as folder:
        for each in folders()[name].iterdir():
            if each.name != file and each.is_file():
                shutil.copy(each, Path(folder) / each.name)
        (Path(folder) / file).write_text(text, "utf-8", "surrogatepass")
        words = {"text": "a b 我 x"} if file == "tokenizer.json" else {"ids": [1, 2]}
        more = {"target_ids": [0, 1]} if "is_encoder_decoder" in (folders()[name] / "config.json").read_text() else {}
        scenario = tfstep.load(folder, **words, **more)  # type: ignore[arg-type]  # one of the two
        Session(scenario).run("print loss" if scenario.loss else "next")
        whole(tfstep.trace(scenario), "x")


def recordings() -> list[str]:
    """Whole recordings of a run, a character a byte."""
    hill = tfstep.trace(tfstep.load("wo-ai-ni"))
    arrays = {f"t{k}": np.asarray(hill[path].value) for k, path in enumerate(list(hill.paths())[:12])}
    odd = {
        "a": np.array([np.nan, np.inf]),
        "b": np.zeros((0, 3)),
        "c": np.array(1),
        "d": np.array(["x"]),
        "e": np.ones(3, bool),
    }
    found = []
    for save in (np.savez, np.savez_compressed):
        for each in (arrays, odd):
            out = io.BytesIO()
            save(out, **each)
            found.append(out.getvalue().decode("latin-1"))
    with tempfile.TemporaryDirectory() as folder:
        with tfstep.recording(Path(folder) / "r.safetensors") as kept:
            for name, value in arrays.items():
                setattr(kept, name, value)
        found.append((Path(folder) / "r.safetensors").read_bytes().decode("latin-1"))
    out = io.BytesIO()
    np.save(out, arrays["t3"])
    return [*found, out.getvalue().decode("latin-1")]


def diagnosed(case: str) -> None:
    """Hold it against a run under each name that a recording may have."""
    scenario = tfstep.load("wo-ai-ni")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "d").mkdir()
        for name in ("r.npz", "r.safetensors", "r.npy", "r.json", "d/1.npy"):
            (Path(folder) / name).write_bytes(case.encode("latin-1", "replace"))
        failed: list[tfstep.TfstepError] = []
        for name in ("r.npz", "r.safetensors", "r.npy", "r.json", "d"):
            try:
                tfstep.diagnose(scenario, Path(folder) / name)
            except tfstep.TfstepError as error:
                failed.append(error)
        if len(failed) == 5:
            raise failed[0]


def masked(case: str) -> None:
    """A mask and weights of one's own."""
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("npz", "npy", "safetensors"):
            (Path(folder) / f"w.{suffix}").write_bytes(case.encode("latin-1", "replace"))
            file = Path(folder) / "s.yaml"
            file.write_text(MASKED.replace("custom: w", f"custom: w.{suffix}"), "utf-8")
            try:
                tfstep.trace(tfstep.load(file))
            except (tfstep.TfstepError, BadWeightsError):
                continue


def answers(draw: random.Random) -> str:
    """Answers to an exam."""
    numbers = ("", "1: ", "7：", "9" * 5000 + ": ", "０: ", "-1: ", "²: ", "51: ", "#", "1:1:1: ")
    given = (*grammar.NUMBERS, *grammar.EVIL, "A", "b", "9" * 5000, "1/3", "1e5", "0,25")
    return "\n".join(draw.choice(numbers) + draw.choice(given) for _ in range(draw.randint(0, 60)))


def kinds(watcher: Callable[[], work.Watcher]) -> list[Kind]:
    """The kinds, each stopped by such a watcher."""
    wholes, masks = recordings(), mask_files()
    sat, session = paper(0), Session(tfstep.load("wo-ai-ni"))

    def mutated(draw: random.Random) -> str:
        return draw.choice(wholes) if draw.random() < 0.05 else grammar.broken(draw, draw.choice(wholes))

    return [
        Kind("config", config_case, patient(watcher, lambda case: opened("config.json", case))),
        Kind("tokenizer", tokenizer_case, patient(watcher, lambda case: opened("tokenizer.json", case))),
        Kind("gguf", gguf_case, patient(watcher, gguf_opened)),
        Kind("recording", mutated, patient(watcher, diagnosed)),
        Kind("mask", lambda draw: grammar.broken(draw, draw.choice(masks)), patient(watcher, masked)),
        Kind("answers", answers, lambda case: grade(sat, read_answers(case), session)),
    ]


def mask_files() -> list[str]:
    """Whole masks, a character a byte."""
    found = []
    for mask in (
        np.tril(np.ones((3, 3))),
        np.ones((3, 3), bool),
        np.full((1, 1, 3, 3), np.nan),
        np.array("x"),
        np.ones(3),
    ):
        for save in (np.savez, np.save):
            out = io.BytesIO()
            save(out, mask)
            found.append(out.getvalue().decode("latin-1"))
    return found
