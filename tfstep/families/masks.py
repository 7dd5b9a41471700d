"""What libraries call a mask, and which way round it is; each was asked by running it: docs/masks.md."""

from __future__ import annotations

from tfstep.engine.plan import Plan
from tfstep.text import Bilingual

LOOKS = Bilingual("true may look: `mask == 0`", "true 可看：`mask == 0`")
HIDES = Bilingual("true hides: `mask > 0`", "true 遮住：`mask > 0`")
MASKS = (
    ("torch nn.MultiheadAttention", "attn_mask, key_padding_mask", HIDES),
    ("torch nn.TransformerEncoderLayer", "src_mask, src_key_padding_mask", HIDES),
    ("torch scaled_dot_product_attention", "attn_mask", LOOKS),
    ("transformers", "attention_mask", LOOKS),
    ("keras", "attention_mask", LOOKS),
    ("jax, flax, mlx, x-transformers", "mask", LOOKS),
    ("tinygrad, onnx", "attn_mask", LOOKS),
)
ALL = Bilingual("as run: rows with nothing left, corners, numbers", "逐个运行的结果：什么都不剩的行、哪个角、数")


def of_masks(plan: Plan, path: str) -> tuple[tuple[str, str, Bilingual], ...]:
    """Who calls the mask of an attention what; of what is masked, where all of it stands."""
    around, _, name = path.rpartition(".")
    if name not in ("mask", "masked", "weights") or f"{around}.mask" not in plan.paths:
        return ()
    return (*(MASKS if name == "mask" else ()), (str(Bilingual("all", "全部")), "docs/masks.md", ALL))
