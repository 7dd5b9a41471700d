"""Which path a name means: a full one, one relative to the scopes around us, or the only one that ends so."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from tfstep.address.roles import GRAD
from tfstep.errors import PathError
from tfstep.text import Bilingual

Elsewhere = Callable[[str], str | None]


def full_path(
    known: Collection[str],
    name: str,
    scopes: tuple[str, ...] = (),
    near: Elsewhere = lambda name: None,
    inner: Elsewhere = lambda name: None,
    elsewhere: Elsewhere = lambda name: None,
) -> str:
    """The path that ``name`` means: ``scores`` inside enc0.attn is ``enc0.attn.scores``, ``∂scores`` its gradient.

    A full path always means itself, and what means nothing is given back. ``near`` finds what is called so in sight,
    ``inner`` a name inside the step that we are in, ``elsewhere`` one that others have. Raises PathError where several end so.
    """
    name = name.strip()
    if name not in known and (found := near(name)) is not None:
        return found
    if name.startswith("∂"):
        base, slash, use = name[1:].partition("/")
        path = full_path(known, base, scopes, near, inner, elsewhere) + GRAD
        shares = [each for each in known if each.startswith(f"{path}/") and f".{each}".endswith(f".{use}")]
        shares += [each for each in known if each == f"{path}/{use}"]
        return path if not slash else shares[0] if shares else f"{path}/{use}"
    head, slash, rest = name.partition("/")
    rest = slash + rest
    if head in known or not head:
        return name
    for depth in range(len(scopes), 0, -1):
        candidate = ".".join((*scopes[:depth], head))
        if candidate in known:
            return candidate + rest
    ends = [path for path in known if path.endswith("." + head) and "/" not in path]
    if len(ends) == 1:
        return ends[0] + rest
    if not rest and (found := inner(name)) is not None:
        return found
    if (alias := elsewhere(head)) is not None:
        return alias + rest
    return one_of(name, ends) if ends else name


def one_of(name: str, ends: Sequence[str]) -> str:
    """The only path that a name may mean. Raises PathError where there are several."""
    if len(ends) == 1:
        return ends[0]
    raise PathError(
        Bilingual(
            "{name}: which one? {ends}{more}",
            "{name}：是哪一个？{ends}{more}",
            name=name,
            ends=", ".join(ends[:6]),
            more=" …" if len(ends) > 6 else "",
        )
    )
