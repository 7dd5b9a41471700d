"""config.json, read key by key: what nobody reads, and is not at its neutral value, is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct, field

from tfstep.errors import TfstepError
from tfstep.text import Bilingual

INERT = frozenset({
    "_attn_implementation", "_attn_implementation_autoset", "_commit_hash", "_name_or_path", "_num_labels",
    "activation_dropout", "attention_dropout", "attention_probs_dropout_prob",
    "attn_implementation", "attn_pdrop", "auto_map", "aux_loss_alpha", "begin_suppress_tokens", "bos_token_id",
    "chunk_size_feed_forward", "classifier_activation", "classifier_bias", "classifier_dropout",
    "classifier_dropout_prob", "classifier_pooling", "cls_token_id", "custom_pipelines", "decoder_layerdrop",
    "decoder_start_token_id", "deterministic_flash_attn", "diversity_penalty", "do_sample", "dropout",
    "dropout_rate", "dtype", "early_stopping", "emb_pdrop", "embd_pdrop", "embedding_dropout", "encoder_layerdrop",
    "encoder_no_repeat_ngram_size", "eos_token_id", "exponential_decay_length_penalty", "finetuning_task",
    "forced_bos_token_id", "forced_eos_token_id", "gradient_checkpointing", "hidden_dropout", "hidden_dropout_prob",
    "id2label", "init_device", "init_std", "initializer_cutoff_factor", "initializer_factor", "initializer_range",
    "is_encoder_decoder", "label2id", "layerdrop", "length_penalty", "max_length", "max_position_embeddings",
    "max_seq_len", "min_length", "mlp_dropout", "model_max_length", "model_type", "n_ctx", "no_repeat_ngram_size",
    "num_beam_groups", "num_beams", "num_return_sequences", "output_attentions", "output_hidden_states",
    "output_past", "pad_token_id", "prefix", "pretraining_tp", "problem_type",
    "pruned_heads", "qa_dropout", "remove_invalid_values", "reorder_and_upcast_attn", "repetition_penalty",
    "resid_pdrop", "residual_dropout", "return_dict", "return_dict_in_generate", "router_aux_loss_coef",
    "router_jitter_noise", "router_z_loss_coef", "sep_token_id", "seq_classif_dropout", "slow_but_exact",
    "sparse_pred_ignore_index", "sparse_prediction", "summary_activation", "summary_first_dropout",
    "summary_last_dropout", "summary_proj_to_labels", "summary_type", "summary_use_proj", "suppress_tokens",
    "task_specific_params", "temperature", "tf_legacy_loss", "tokenizer_class", "top_k", "top_p", "torch_dtype",
    "torchscript", "transformers_version", "typical_p", "unk_token_id", "use_bfloat16", "use_cache", "vocab_file",
    "vocab_size",
})  # fmt: skip
"""Keys that change no number of a forward pass as it is recorded: dropout, names, how it is trained or saved."""


class FamilyError(TfstepError):
    """A checkpoint asks for what is not computed, or does not hold what it says."""


Read = Callable[[Any, "Config"], Mapping[str, Any]]
Reader = str | Read


class Config(Struct):
    """The keys of one config.json; ``defaults`` are those of its family, for keys that are not written."""

    given: Mapping[str, Any]
    defaults: Mapping[str, Any]
    family: str
    read: set[str] = field(default_factory=set)

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return self.given[key] if key in self.given else self.defaults.get(key)

    def __contains__(self, key: str) -> bool:
        return key in self.given or key in self.defaults

    def whole(self, key: str) -> int:
        """A size. Raises FamilyError where it is none."""
        value = self[key]
        if type(value) is not int or not 0 < value < 2**31:
            raise self.fault(key, Bilingual("a whole number, 1 or more", "不小于 1 的整数"))
        return value

    def fault(self, key: str, needed: Bilingual | None = None) -> FamilyError:
        """The error for a key whose value is not computed."""
        value = self.given.get(key, self.defaults.get(key))
        return refused(key, value, self.family, needed)

    def unread(self) -> None:
        """Refuse the first key that is set and that nobody has read. Raises FamilyError."""
        for key, value in self.given.items():
            if key not in self.read and key not in INERT and value is not None and value != self.defaults.get(key):
                raise refused(key, value, self.family, None)


def refused(key: str, value: object, family: str, needed: Bilingual | None) -> FamilyError:
    """What a config asks and we do not compute, by name and value."""
    said = repr(value)
    return FamilyError(
        Bilingual(
            "config.json: {key} is {value}, which is not computed for {family}{needed}",
            "config.json：{key} 为 {value}，{family} 的这种设置无法计算{needed}",
            key=key,
            value=said if len(said) <= 80 else said[:77] + "…",
            family=family,
            needed=Bilingual("; allowed: {it}", "；可用：{it}", it=needed) if needed else Bilingual("", ""),
        )
    )


def missing(key: str, family: str) -> FamilyError:
    """The error for a key that config.json cannot do without."""
    return FamilyError(
        Bilingual(
            "config.json: no {key}; {family} needs it",
            "config.json：缺少 {key}；{family} 需要它",
            key=key,
            family=family,
        )
    )


class WantedError(ValueError):
    """A reader's word on what its key may be."""

    def __init__(self, needed: Bilingual) -> None:
        super().__init__(needed)
        self.needed = needed


NUMBER = Bilingual("a number", "一个数")


def one_of(values: Iterable[Any]) -> Bilingual:
    """The values that a key may have."""
    return Bilingual("{it}", "{it}", it=", ".join(each if isinstance(each, str) else repr(each) for each in values))


def only(*values: Any) -> Read:
    """A key that is computed at these values alone, which then say nothing."""

    def read(value: Any, config: Config) -> Mapping[str, Any]:
        if value not in values:
            raise WantedError(one_of(values))
        return {}

    return read


def chosen(choices: Mapping[Any, Mapping[str, Any]]) -> Read:
    """A key whose values stand for keys of ours."""

    def read(value: Any, config: Config) -> Mapping[str, Any]:
        if not isinstance(value, str | int | None) or value not in choices:
            raise WantedError(one_of(choices))
        return choices[value]

    return read


def renamed(*names: str) -> Read:
    """A key of several names here."""
    return lambda value, config: dict.fromkeys(names, value)


def nothing(value: Any, config: Config) -> Mapping[str, Any]:
    """A key that another one reads."""
    return {}
