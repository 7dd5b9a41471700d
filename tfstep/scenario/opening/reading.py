"""What an opened model is given to read: the options that every command takes beside a model."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from tfstep.errors import TfstepError
from tfstep.models.keys.key import choices_of, fields
from tfstep.models.keys.model import ModelConfig
from tfstep.text import Bilingual


class Reading(Struct, frozen=True):
    """Texts or ids for what reads first, the same for the decoder of an encoder-decoder, labels, and the precision.

    Several texts, or several rows of ids, are a batch. What is empty or None is not asked for.
    """

    text: tuple[str, ...] = ()
    ids: tuple[tuple[int, ...], ...] = ()
    target: tuple[str, ...] = ()
    target_ids: tuple[tuple[int, ...], ...] = ()
    labels: str | None = None  # next | none
    dtype: str | None = None

    def __bool__(self) -> bool:
        return self != Reading()

    def changes(self, kind: str, sides: tuple[str, ...], labelled: bool = False) -> dict[str, Any]:
        """The same as keys of a scenario of this kind, whose words are on these sides. Raises TfstepError.

        ``labelled`` says that the scenario's labels are what is read, one place on, and may stay.
        """
        if (self.target and self.target_ids) or (self.text and self.ids):
            raise TfstepError(
                Bilingual(
                    "a text and ids for the same words; give one of them", "同一处既给了文本又给了编号；请只给一种"
                )
            )
        if not sides and (self.text or self.ids):
            raise TfstepError(
                Bilingual("kind {kind} reads numbers, not words", "{kind} 模型读的是数字，不是词", kind=kind)
            )
        both = len(sides) > 1
        if not both and (self.target or self.target_ids):
            raise TfstepError(
                Bilingual(
                    "--target is for an encoder-decoder; kind {kind} reads --text or --ids",
                    "--target 用于编码器-解码器；{kind} 模型用 --text 或 --ids",
                    kind=kind,
                )
            )
        words: dict[str, Any] = {}
        if sides and (given := _words(self.text, self.ids)) is not None:
            words[sides[0]] = given
        if both and (given := _words(self.target, self.target_ids)) is not None:
            words[sides[1]] = given
        if self.labels is not None and "target" not in sides:
            raise TfstepError(
                Bilingual(
                    "--labels is for decoders; kind {kind} has none", "--labels 用于解码器；{kind} 模型没有", kind=kind
                )
            )
        if self.labels is not None or (words and not labelled):
            words["labels"] = "next" if self.labels == "next" else None
        found: dict[str, Any] = {"input": words} if words else {}
        if self.dtype is not None:
            found["model"] = {"dtype": self.dtype}
        return found


def _words(texts: tuple[str, ...], ids: tuple[tuple[int, ...], ...]) -> Any:
    if texts:
        return texts[0] if len(texts) == 1 else list(texts)
    return {"ids": [list(row) for row in ids]} if ids else None


def reading(
    text: str | list[str] | None = None,
    ids: list[int] | list[list[int]] | None = None,
    target: str | list[str] | None = None,
    target_ids: list[int] | list[list[int]] | None = None,
    labels: str | None = None,
    dtype: str | None = None,
) -> Reading:
    """The same from Python values: a text or several, a row of ids or several. Raises TfstepError."""
    if labels not in (None, "next", "none"):
        raise TfstepError(
            Bilingual("labels is {it!r}; allowed: next, none", "labels 为 {it!r}；可用：next, none", it=labels)
        )
    known = choices_of(fields(ModelConfig)["dtype"])
    if dtype is not None and dtype not in known:
        raise TfstepError(
            Bilingual("dtype is {it!r}; allowed: {all}", "dtype 为 {it!r}；可用：{all}", it=dtype, all=", ".join(known))
        )
    return Reading(_texts(text), _rows(ids), _texts(target), _rows(target_ids), labels, dtype)


def _texts(given: str | list[str] | None) -> tuple[str, ...]:
    return () if given is None else (given,) if isinstance(given, str) else tuple(given)


def _rows(given: Any) -> tuple[tuple[int, ...], ...]:
    if given is None:
        return ()
    rows = list(given)
    nested = bool(rows) and all(hasattr(row, "__iter__") for row in rows)
    return tuple(tuple(map(int, row)) for row in (rows if nested else [rows]))
