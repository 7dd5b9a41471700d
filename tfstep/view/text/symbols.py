"""Text made fit for a terminal: no control characters, and no symbols of uncertain width where they are not wanted.

Some terminals draw ``√ α ×`` two columns wide; `set_ascii` has them spelled out in everything that is shown.
"""

from __future__ import annotations

import re

_ascii = False
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
    r"|(?<![\u0600-\u109f\u1780-\u18af\ufe0f\U0001f000-\U0001faff])[\u200c\u200d]"  # what joins no emoji, no letters
)
_SPELLED = {
    "√": "sqrt ",
    "·": "*",
    "×": "x",
    "÷": "/",
    "−": "-",
    "Σ": "sum",
    "∏": "prod",
    "∂": "d",
    "ᵀ": "^T",
    "²": "^2",
    "³": "^3",
    "½": "1/2",
    "⁻": "^-",
    "¹": "1",
    "…": "...",
    "→": "->",
    "←": "<-",
    "⇒": "=>",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "≈": "~",
    "∞": "inf",
    "Δ": "delta",
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "ε": "eps",
    "η": "eta",
    "μ": "mu",
    "σ": "sigma",
    "ŷ": "y^",
    "ĝ": "g^",
    "\u0302": "^",
    "▸": ">",
    "◂": "<",
    "▶": ">",
    "›": ">",
    "▲": "^",
    "▼": "v",
    "⌫": "BS",
    "⇧": "S-",
    "↑": "Up",
    "↓": "Down",
    "▒": "#",
    "░": "#",
    "▾": "v",
    "●": "*",
    "○": "o",
    "✓": "+",
    "✗": "x",
    "█": "#",
    "▐": "[",
    "▌": "]",
    "—": "-",
    "–": "-",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    **dict.fromkeys("─━", "-"),
    **dict.fromkeys("│┃", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯", "+"),
}
_TABLE = str.maketrans(_SPELLED)


def set_ascii(wanted: bool) -> None:
    """Spell symbols out from now on, or show them as they are."""
    global _ascii
    _ascii = wanted


def is_ascii() -> bool:
    """Whether symbols are spelled out."""
    return _ascii


def plain(text: str) -> str:
    """The text as it may be shown: control characters by their code, symbols spelled out where that was asked for."""
    text = _CONTROL.sub(_escaped, text)
    return text.translate(_TABLE) if _ascii and not text.isascii() else text


def _escaped(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
