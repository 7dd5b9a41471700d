"""Words of a tokenizer: text cut as its library cuts it, pieces of bytes shown so that one can read them."""

import json
import shutil
from pathlib import Path

import pytest
from recorded import MODELS
from tokenizers import Tokenizer as Theirs
from tokenizers import decoders, models, pre_tokenizers, processors, trainers

import tfstep
from tfstep.commands.language.session import Session
from tfstep.errors import TfstepError
from tfstep.scenario.tokens.pieces import alone, in_sentence, stand_ins
from tfstep.scenario.tokens.tokenizer import Tokenizer
from tfstep.view.result.lines import lines
from tfstep.view.text.spans import plain


def spelled(text: str) -> str:
    """A text in the stand-ins of byte-level pieces."""
    letters = {byte: letter for letter, byte in stand_ins().items()}
    return "".join(letters[byte] for byte in text.encode())


def byte_level(path: Path, size: int = 300) -> Theirs:
    made = Theirs(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=["<s>", "</s>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    made.train_from_iterator(["the capital of France is Paris"] * 9, trainer)
    made.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    made.save(str(path))
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A Llama whose config has room for a tokenizer's pieces, with weights drawn at random."""
    made = tmp_path / "m"
    shutil.copytree(MODELS / "llama", made, ignore=shutil.ignore_patterns("*.npz"))
    return made


def grown(folder: Path, size: int) -> Path:
    """The same model with so many words."""
    import numpy as np

    from tfstep.scenario.weights.files import open_weight_file, write_weights

    file = open_weight_file(folder / "model.safetensors")
    arrays = {name: np.array(file.read(name)) for name in file.shapes}
    draw = np.random.default_rng(0)
    for name in ("model.embed_tokens.weight", "lm_head.weight"):
        arrays[name] = draw.normal(0, 0.5, (size, 16)).astype(np.float32)
    write_weights(folder / "model.safetensors", arrays)
    config = json.loads((folder / "config.json").read_text()) | {"vocab_size": size}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_a_character_that_is_cut_says_which_part_of_which() -> None:
    cut = spelled("爱")
    assert list(in_sentence([spelled("我"), *cut, spelled(" is")], byte_level=True)) == [
        "我",
        "爱1/3",
        "爱2/3",
        "爱3/3",
        "▁is",
    ]
    assert list(in_sentence([cut[:2], cut[2] + spelled("你")[0], spelled("你")[1:]], True)) == [
        "爱1–2/3",
        "爱3/3你1/3",
        "你2–3/3",
    ]
    assert list(in_sentence([cut[0], spelled("a")], True)) == ["⟨0xE7⟩", "a"]
    assert list(in_sentence(["<0xE7>", "<0x88>", "<0xB1>", "▁a", "</s>"], False)) == [
        "爱1/3",
        "爱2/3",
        "爱3/3",
        "▁a",
        "</s>",
    ]
    assert alone(spelled("\n\t"), True) == "↵⇥"
    assert alone(cut[0], True) == "⟨0xE7⟩"
    assert alone(cut[:2], True) == "⟨0xE7 0x88⟩"
    assert alone(spelled("\x07"), True) == "⟨U+0007⟩"


def test_text_is_cut_as_the_library_cuts_it_with_what_it_adds(folder: Path) -> None:
    theirs = byte_level(folder / "tokenizer.json")
    grown(folder, theirs.get_vocab_size() + 3)
    scenario = tfstep.load(folder, text=["the capital 爱", "Paris"])
    target = scenario.inputs.target
    assert target is not None
    for row, length, text in zip(target.ids.tolist(), target.lengths or (), ("the capital 爱", "Paris"), strict=True):
        assert row[:length] == theirs.encode(text).ids
    assert target.words[0][0] == "<s>"
    assert target.words[0][-3:] == ("爱1/3", "爱2/3", "爱3/3")
    assert len(target.vocab) == theirs.get_vocab_size() + 3
    last = len(target.vocab) - 1
    assert target.vocab[last] == f"#{last}"  # an id without a piece
    assert tfstep.load(folder, ids=[last, 1, last]).inputs.target.words[0][0] == f"#{last}"
    found = tfstep.trace(scenario).explain(f"out.logits[0,0,#{last}]")
    assert found.cell == f"out.logits[0,0,{last}]"
    trace = tfstep.trace(scenario)
    assert target.lengths is not None
    assert (trace["dec0.attn.weights"].value[1, :, :, target.lengths[1] :] == 0).all()


def test_a_character_whose_bytes_the_vocabulary_lacks_is_gone_and_one_sees_it(folder: Path) -> None:
    some = Theirs(models.BPE({letter: k for k, letter in enumerate(["a", "b", *spelled("你")[:1]])}, []))
    some.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    some.decoder = decoders.ByteLevel()
    some.save(str(folder / "tokenizer.json"))
    target = tfstep.load(folder, text="a你b").inputs.target
    assert target is not None
    assert target.ids.tolist() == [some.encode("a你b").ids] == [[0, 2, 1]]
    assert target.words == (("a", "⟨0xE4⟩", "b"),)  # one byte of three


def test_tokens_takes_text_and_labels_follow(folder: Path) -> None:
    grown(folder, byte_level(folder / "tokenizer.json").get_vocab_size())
    session = Session(tfstep.load(folder, text="the capital of France is"))
    session.run("tokens target France is the capital of Paris")
    target, labels = session.scenario.inputs.target, session.scenario.inputs.labels
    assert target is not None
    assert labels is not None
    assert "".join(target.words[0]) == "<s>France▁is▁the▁capital▁of▁Paris"
    assert labels.words[0] == (*target.words[0][1:], "")


def test_the_pieces_of_a_vocabulary_are_not_listed(folder: Path) -> None:
    grown(folder, byte_level(folder / "tokenizer.json").get_vocab_size())
    words = tfstep.load(folder, text="is").vocab["target"].words
    assert not isinstance(words, tuple | list)
    assert words[0] == "<s>"
    assert words[-1] == words[len(words) - 1]
    with pytest.raises(IndexError):
        _ = words[len(words)]


def test_a_tokenizer_that_does_not_fit_is_told(folder: Path) -> None:
    made = byte_level(folder / "tokenizer.json")
    with pytest.raises(TfstepError, match=rf"tokenizer.json: {made.get_vocab_size()} pieces; the model has 37 words"):
        tfstep.load(folder, ids=[1, 2])
    for text in ("{}", '{"model": "a"}', '{"model": {}}', '{"model": {"vocab": {"a": "b"}}}'):
        (folder / "tokenizer.json").write_text(text)
        with pytest.raises(TfstepError, match=r"tokenizer\.json: no pieces with their ids in it"):
            tfstep.load(folder, text="1 2")
    (folder / "tokenizer.json").write_text("[1")
    with pytest.raises(
        TfstepError, match=r"tokenizer\.json: no JSON; so no text is cut, but ids are read: .* --ids 5,17,9"
    ):
        tfstep.load(folder, text="1 2")
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [[1]]}}))
    with pytest.raises(TfstepError, match=r"tokenizer\.json: "):
        tfstep.load(folder, text="a")


def test_roles_come_from_the_configuration_beside_it(folder: Path) -> None:
    byte_level(folder / "tokenizer.json")
    (folder / "tokenizer_config.json").write_text(json.dumps({"pad_token": "</s>", "bos_token": {"content": "<s>"}}))
    tokenizer = Tokenizer(folder / "tokenizer.json")
    assert (tokenizer.role("pad"), tokenizer.role("begin")) == (1, 0)
    assert tokenizer.role("unknown") is None
    assert tokenizer.ends == {2}  # of config.json


def test_a_decoder_that_starts_with_the_pad_token_sees_it() -> None:
    scenario = tfstep.load(MODELS / "t5", ids=[[5, 9, 8], [7, 4]], target_ids=[[0, 5, 3], [0, 4, 2]])
    weights = tfstep.trace(scenario)["dec0.attn.weights"].value
    assert (weights[:, :, :, 0] > 0).all()
    across = tfstep.trace(scenario)["dec0.cross.weights"].value
    assert (across[1, :, :, 2] == 0).all()  # what only fills up the second source


def test_marian_cuts_each_side_by_a_file_of_its_own(tmp_path: Path) -> None:
    import sentencepiece

    made = tmp_path / "m"
    shutil.copytree(MODELS / "marian", made, ignore=shutil.ignore_patterns("*.npz"))
    texts = {"source": "史蒂夫 建造 房子", "target": "Steve builds a house"}
    pieces: dict[str, int] = {"</s>": 0, "<unk>": 1}
    for side, text in texts.items():
        lines = (tmp_path / "lines.txt").write_text(f"{text}\n" * 9) and str(tmp_path / "lines.txt")
        kept = {"input": lines, "model_prefix": str(made / side), "vocab_size": 24, "hard_vocab_limit": False}
        sentencepiece.SentencePieceTrainer.train(**kept, minloglevel=2)
        (made / f"{side}.model").rename(made / f"{side}.spm")
        (made / f"{side}.vocab").unlink()
        cut = sentencepiece.SentencePieceProcessor(model_file=str(made / f"{side}.spm")).encode(text, out_type=str)
        for piece in cut:
            pieces.setdefault(piece, len(pieces))
    pieces |= {">>eng<<": len(pieces)}
    assert len(pieces) < 36
    (made / "vocab.json").write_text(json.dumps(pieces | {"<pad>": 36}))
    scenario = tfstep.load(made, text=f">>eng<<{texts['source']} 猫", target=texts["target"])
    source, target = scenario.inputs.source, scenario.inputs.target
    assert source is not None
    assert target is not None
    assert source.words[0][0] == ">>eng<<"
    assert "".join(source.words[0][1:-3]) == "▁史蒂夫▁建造▁房子"
    assert source.words[0][-2:] == ("<unk>", "</s>")
    assert target.words[0][0] == "<pad>"  # the decoder's start, which it sees
    assert "".join(target.words[0][1:-1]) == "▁Steve▁builds▁a▁house"
    (made / "target.spm").unlink()
    with pytest.raises(TfstepError, match=r"target\.spm"):
        tfstep.load(made, text="x", target="y")


def test_of_a_large_vocabulary_the_likeliest_words_are_shown(folder: Path) -> None:
    byte_level(folder / "tokenizer.json")
    session = Session(tfstep.load(grown(folder, 2100), text="the capital"))
    logits, target = session.trace["out.logits"].value, session.scenario.inputs.target
    assert target is not None
    best = target.vocab[int(logits[0, 0].argmax())]
    for asked in ("show out.logits", "show out.logits[0,0]"):
        shown = [plain(each) for each in lines(session.run(asked), session.trace)]
        assert sum("from -" in each for each in shown) == 1  # range, mean and spread, once
        assert any(best in each for each in shown)
        assert any("2,092 more" in each for each in shown)


def test_a_piece_after_a_space_may_be_written_as_its_tokenizer_writes_it() -> None:
    from tfstep.address.indices import place

    words = ["is", "▁is", "Ġ", "Paris"]
    assert place(words, "Ġis") == place(words, " is") == 1
    assert place(words, "is") == 0
    assert place(words, "Ġ") == 2
    assert place(words, "ĠParis") is None


@pytest.mark.slow
def test_why_stays_within_a_number_of_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    from tfstep.session.study import reasons as study

    trace = tfstep.trace(tfstep.load(MODELS / "llama", ids=[5, 17, 9]))
    tensor = trace["out.logits"]
    whole = study.reasons(trace, tensor, (0, 2, 5))
    monkeypatch.setattr(study, "TERMS", 200)
    short = study.reasons(trace, tensor, (0, 2, 5))
    assert short.explained < whole.explained
    assert [each.explanation.cell for each in short.chain] == [each.explanation.cell for each in whole.chain]
    total = sum(each.share for each in short.sources) + short.constants + short.unfollowed
    assert total == pytest.approx(1.0)


def test_one_word_has_no_next_one_and_no_loss(folder: Path) -> None:
    trace = tfstep.trace(tfstep.load(folder, ids=[5], labels="next"))
    assert "loss" not in trace
    assert trace["out.logits"].shape == (1, 1, 37)
    session = Session(tfstep.load(folder, ids=[5, 17]))
    session.run("tokens target 5")
    assert "loss" not in session.trace
    session.run("tokens target 5 17 9")
    assert "loss" in session.trace


def test_a_vocabulary_may_have_the_word_model(folder: Path) -> None:
    pieces = ["<s>", "model", spelled(" model"), spelled("é")]
    (folder / "vocab.json").write_text(json.dumps({piece: i for i, piece in enumerate(pieces)}))
    target = tfstep.load(folder, ids=[1, 2, 3, 30]).inputs.target
    assert target is not None
    assert target.words[0] == ("model", "▁model", "é", "#30")


def test_pieces_spell_a_text_again(folder: Path) -> None:
    from tfstep.view.report.decoding import readable

    theirs = byte_level(folder / "tokenizer.json")
    (folder / "tokenizer_config.json").write_text(json.dumps({"bos_token": "<s>", "eos_token": "</s>"}))
    tokenizer = Tokenizer(folder / "tokenizer.json")
    for text in ("the capital of France is Paris", "我爱你 is\n\tthe", "é"):
        assert tokenizer.text([0, *theirs.encode(text).ids, 1]) == text
    ids = theirs.encode("爱").ids
    assert tokenizer.text(ids[:-1]).endswith("\ufffd")
    assert readable(tokenizer.text(theirs.encode("a\nb\x1b[1m").ids)) == "a↵b\\x1b[1m"


def test_what_is_generated_is_a_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tfstep.faces.cli.main import main

    theirs = byte_level(folder / "tokenizer.json")
    grown(folder, theirs.get_vocab_size())
    config = json.loads((folder / "config.json").read_text()) | {"eos_token_id": None}
    (folder / "config.json").write_text(json.dumps(config))
    assert main(["generate", str(folder), "--text", "the capital", "--max", "4"]) == 0
    scenario = tfstep.load(folder, text="the capital")
    session = Session(scenario)
    words = session.run("generate 4").words
    assert capsys.readouterr().out.splitlines()[-1].encode() == (
        theirs.decode([word.id for word in words]).replace("\n", "↵").encode()
    )
    assert [theirs.id_to_token(word.id) is not None for word in words] == [True] * 4
