"""What is wrong with a model on disk, or with what it is to read, is one line and exit status 2, whichever command asks."""

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

MODELS = Path(__file__).parents[2] / "families" / "models"
Spoil = Callable[[Path], object]


def configured(**changes: object) -> Spoil:
    def spoil(model: Path) -> None:
        file = model / "config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | changes))

    return spoil


def indexed(name: str) -> Spoil:
    def spoil(model: Path) -> None:
        (model / "model.safetensors").rename(model.parent / "elsewhere.safetensors")
        (model / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"lm_head.weight": name}}))

    return spoil


def cut(model: Path) -> None:
    file = model / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-50])


def pickled(model: Path) -> None:
    (model / "model.safetensors").unlink()
    (model / "pytorch_model.bin").write_bytes(pickle.dumps({}))


def linked(model: Path) -> None:
    (model / "model.safetensors").rename(model.parent / "elsewhere.safetensors")
    (model / "model.safetensors").symlink_to(model.parent / "elsewhere.safetensors")


SPOILED: list[tuple[Spoil, str]] = [
    (configured(hidden_size="x"), "hidden_size"),
    (configured(num_attention_heads=0), "num_attention_heads"),
    (configured(architectures=1), "architectures"),
    (pickled, "pytorch_model.bin: a pickle, which can run any code and is not read; convert it"),
    (lambda m: (m / "config.json").unlink(), "a folder without config.json"),
    (lambda m: (m / "model.safetensors").unlink(), "no weights beside config.json"),
    (indexed("model-00001-of-00002.safetensors"), "model-00001-of-00002.safetensors: there is no such file"),
    (indexed("../elsewhere.safetensors"), "the index names '../elsewhere.safetensors'"),
    (cut, "model.safetensors: cut short: it ends within model.norm.weight"),
    (linked, "a link that leads out of the folder"),
    (configured(intermediate_size=20), "model.layers.0.mlp.gate_proj.weight: numbers of shape (24, 16)"),
    (configured(num_hidden_layers=3), "9 of 30 parameters are not there: dec2.norm1.gamma"),
    (configured(made_up=1), "config.json: made_up is 1"),
    (configured(rope_scaling={"rope_type": "spiral"}), "config.json: rope_scaling.rope_type is 'spiral'"),
    (configured(head_dim=3), "config.json: head_dim 3"),
    (lambda m: (m / "config.json").write_text("{"), "m: config.json: no JSON"),
    (lambda m: (m / "config.json").write_text("[]"), "config.json: no JSON object"),
    (lambda m: (m / "model.safetensors").write_bytes(b""), "model.safetensors: damaged or cut short"),
    (lambda m: (m / "model.safetensors").write_bytes(pickle.dumps({})), "model.safetensors: damaged or cut short"),
    (configured(model_type="mamba"), "config.json: model_type is 'mamba' (state space"),
]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    shutil.copytree(MODELS / "llama", tmp_path / "m", ignore=shutil.ignore_patterns("*.npz"))
    return tmp_path / "m"


def one_line(done) -> str:
    assert done.status == 2
    assert done.out == ""
    lines = done.err.splitlines()
    assert len(lines) == 1, lines
    return lines[0]


@pytest.mark.parametrize(("spoil", "words"), SPOILED, ids=[words[:30] for _, words in SPOILED])
def test_a_model_that_is_not_whole_or_not_computed(tfstep, model: Path, spoil: Spoil, words: str) -> None:
    spoil(model)
    assert words in one_line(tfstep("dump", str(model), "out.logits", "--ids", "5,6"))


@pytest.mark.parametrize(("spoil", "words"), SPOILED, ids=[words[:30] for _, words in SPOILED])
def test_new_writes_nothing_that_does_not_open(tfstep, model: Path, spoil: Spoil, words: str, tmp_path: Path) -> None:
    spoil(model)
    done = tfstep("new", str(model), "--ids", "5,6", "-o", str(tmp_path / "x.yaml"))
    if "parameters are not there" in words:  # which `partial: true` in the file draws at random
        assert done.status == 0
        assert words in one_line(tfstep("dump", str(tmp_path / "x.yaml"), "loss"))
        return
    assert words in one_line(done)
    assert not (tmp_path / "x.yaml").exists()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["--ids", "5,99"], "the id 99; the vocabulary has 37"),
        (["--text", "hello"], "there is no tokenizer that cuts text"),
        (["--ids", "5,6", "--target", "a"], "--target is for an encoder-decoder"),
    ],
)
def test_new_writes_no_words_that_cannot_be_read(
    tfstep, model: Path, asked: list[str], words: str, tmp_path: Path
) -> None:
    assert words in one_line(tfstep("new", str(model), *asked, "-o", str(tmp_path / "x.yaml")))
    assert not (tmp_path / "x.yaml").exists()


@pytest.mark.parametrize("command", ["steps", "explain", "check", "train", "generate", "new", "diff", "repl", "export"])
def test_whichever_command_asks(tfstep, model: Path, command: str, tmp_path: Path) -> None:
    configured(made_up=1)(model)
    more = {"explain": ["loss"], "new": ["-o", str(tmp_path / "x.yaml")], "diff": [str(model)]}
    more |= {"export": ["--to", "hf", "-o", str(tmp_path / "out")]}
    assert "config.json: made_up is 1" in one_line(tfstep(command, str(model), *more.get(command, [])))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["--ids", "5,99"], "the id 99; the vocabulary has 37, so 0 to 36 are allowed"),
        (["--ids", "5,x"], "'5,x' are no ids"),
        (["--ids", ""], "'' are no ids"),
        (["--text", "hello"], "there is no tokenizer that cuts text"),
        (["--ids", "5", "--text", "a"], "a text and ids for the same words"),
        (["--target-ids", "5"], "--target is for an encoder-decoder"),
        (["--dtype", "float8"], "one of float32, float64"),
        (["--labels", "no"], "one of next, none"),
    ],
)
def test_what_it_cannot_read(tfstep, model: Path, asked: list[str], words: str) -> None:
    assert words in one_line(tfstep("dump", str(model), "out.logits", *asked))


def test_one_layer_is_one(tfstep, model: Path) -> None:
    configured(num_hidden_layers=1)(model)
    done = tfstep("steps", str(model), "--ids", "5,6")
    assert done.err.startswith("llama · 1 layer · 12 of 21 tensors read, 0 drawn at random")


@pytest.mark.parametrize("suffix", [".onnx", ".h5", ".keras", ".msgpack", ".tflite"])
def test_a_model_of_another_format_is_told_how_to_bring_it(tfstep, suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"mine{suffix}"
    file.write_bytes(b"\x08\x01")
    assert "model.save_pretrained(FOLDER) writes a folder that opens" in one_line(tfstep("dump", str(file)))


@pytest.mark.parametrize("broken", ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"])
def test_a_broken_tokenizer_stops_text_but_no_ids(tfstep, model: Path, broken: str, tmp_path: Path) -> None:
    whole = tfstep("dump", str(model), "out.logits", "--ids", "5,17,9", "--format", "json").json
    (model / "tokenizer.json").write_text(json.dumps({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}))
    (model / broken).write_text("{")
    done = tfstep("dump", str(model), "out.logits", "--ids", "5,17,9", "--format", "json")
    assert done.status == 0
    assert done.json["tensors"][0]["value"] == whole["tensors"][0]["value"]
    assert done.json["tensors"][0]["labels"] == whole["tensors"][0]["labels"]
    assert done.err.splitlines()[1] == f"{model}: warning: {broken}: no JSON; words are shown by their ids"
    chinese = tfstep("dump", str(model), "out.logits", "--ids", "5,17,9", "--lang", "zh")
    assert chinese.err.splitlines()[1] == f"{model}：警告：{broken}：不是 JSON；词以编号显示"
    assert f"{broken}: no JSON; so no text is cut" in one_line(tfstep("dump", str(model), "out.logits", "--text", "a"))
    said = [tfstep("generate", str(model), "--ids", "5,17,9", "--max", "3", "--json").json["said"] for _ in "12"]
    assert said[0] == said[1]
    file = tmp_path / "x.yaml"
    assert tfstep("new", str(model), "--ids", "5,17,9", "-o", str(file)).status == 0
    again = tfstep("dump", str(file), "out.logits", "--format", "json")
    assert again.json["tensors"][0]["value"] == whole["tensors"][0]["value"]
    assert "no JSON" in again.err


def test_a_tokenizer_of_another_size_is_refused_with_ids_too(tfstep, model: Path) -> None:
    vocab = {f"p{i}": i for i in range(99)}
    (model / "tokenizer.json").write_text(json.dumps({"model": {"type": "BPE", "vocab": vocab, "merges": []}}))
    for asked in (["--ids", "5"], ["--text", "p5"], []):
        assert "tokenizer.json: 99 pieces; the model has 37 words" in one_line(
            tfstep("dump", str(model), "loss", *asked)
        )


@pytest.mark.parametrize("command", ["steps", "dump", "check", "new", "explain", "generate", "repl"])
def test_words_that_nobody_gave_are_told(tfstep, model: Path, command: str) -> None:
    more = {"explain": ["loss"], "repl": ["--batch"], "dump": ["loss"]}.get(command, [])
    line = "no --text: reads the ids 0 … 7; give --text or --ids"
    assert line in tfstep(command, str(model), *more).err.splitlines()
    chinese = "没有 --text：读入编号 0 … 7；请用 --text 或 --ids 指定"
    assert chinese in tfstep(command, str(model), *more, "--lang", "zh").err.splitlines()
    assert "no --text" not in tfstep(command, str(model), *more, "--ids", "5,6").err


def test_no_words_that_nobody_gave_in_a_file(tfstep, model: Path, tmp_path: Path) -> None:
    assert tfstep("new", str(model), "-o", str(tmp_path / "x.yaml")).status == 0
    assert "no --text" not in tfstep("steps", str(tmp_path / "x.yaml")).err
    assert "no --text" not in tfstep("steps", "wo-ai-ni").err


def test_the_text_that_nobody_gave_is_told(tfstep, model: Path) -> None:
    vocab = {"Ġ": 0} | {letter: i + 1 for i, letter in enumerate("ThecapitlofFrns")}
    whole = {
        "version": "1.0",
        "added_tokens": [],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "vocab": vocab, "merges": []},
    }
    (model / "tokenizer.json").write_text(json.dumps(whole))
    done = tfstep("dump", str(model), "loss")
    assert done.status == 0
    assert done.err.splitlines()[1] == "no --text: reads 'The capital of France is'; give --text or --ids"


@pytest.mark.parametrize("part", ["config.json", "model.safetensors", "tokenizer_config.json"])
def test_a_part_of_a_model_names_its_folder(tfstep, model: Path, part: str) -> None:
    (model / part).touch()
    assert (
        one_line(tfstep("dump", str(model / part))) == f"{model / part}: a part of a model; its folder opens: {model}"
    )
