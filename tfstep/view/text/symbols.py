"""Text made fit for a terminal: no control characters, and no symbols of uncertain width where they are not wanted.

Some terminals draw ``√ α ×`` two columns wide; `set_ascii` has them spelled out in everything that is shown.
"""

from __future__ import annotations

from tfstep.text import printable

_ascii = False
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
    text = printable(text)
    return text.translate(_TABLE) if _ascii and not text.isascii() else text
