"""What stands beside the list of the first screen: what a lesson or a scenario is about, and one of its matrices."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from tfstep.errors import TfstepError
from tfstep.text import Bilingual
from tfstep.view.board.places import Piece
from tfstep.view.frame.frame import Camera, Frame
from tfstep.view.frame.view_state import ViewState
from tfstep.view.text.spans import Line, Span, clipped, line
from tfstep.view.text.width import wrap

TELLING = ("attn.weights", "layer0.y", "f")  # the ends of the steps that show most, the first that is there


class Offer(Struct, frozen=True):
    """One thing to open: what it is (``lesson`` or ``scenario``), its name, its title, a word more, what it is about
    and which scenario shows it. ``tags`` are the variants, or how far a lesson has been read."""

    kind: str
    name: str
    title: Bilingual | str
    note: Bilingual | str = ""
    about: Bilingual | str = ""
    scenario: str = ""
    tags: tuple[Bilingual | str, ...] = ()
    done: bool = False

    @property
    def words(self) -> str:
        """Everything that a search finds it by, beyond its name."""
        return f"{self.title} {self.note} {self.about} {' '.join(map(str, self.tags))}"


class Sight(Struct, frozen=True, eq=False):
    """What only loading a scenario tells."""

    about: Bilingual
    model: Bilingual
    frame: Frame


def sight(name: str) -> Sight | None:
    """Load a scenario and look at its most telling step; None for one with a mistake."""
    from tfstep.commands.language.session import Session
    from tfstep.scenario.scenario import load

    try:
        session = Session(load(name))
        paths = session.trace.plan.paths
        place = next((path for end in TELLING for path in paths if path == end or path.endswith(f".{end}")), "1")
        session.run(f"goto {place}")
        steps, parameters = (
            session.steps_total,
            sum(n.spec.size for n in session.trace.plan.nodes if n.kind == "parameter"),
        )
        model = Bilingual(
            "{steps} steps, {parameters} parameters",
            "{steps} 步，{parameters} 个参数",
            steps=steps,
            parameters=parameters,
        )
        return Sight(session.scenario.about, model, Camera().frame(session, ViewState()))
    except TfstepError:
        return None


def told(offer: Offer, found: Sight | None, cells: int) -> list[Line]:
    """The text of the preview, so wide."""
    lines: list[Line] = [line(Span(str(offer.title), "accent"))]
    facts = [offer.name, str(offer.note), *([str(found.model)] if found else [])]
    lines += [line(Span(" · ".join(filter(None, facts)), "dim")), ()]
    about = str(offer.about) or (str(found.about) if found else "")
    lines += [line(Span(part)) for part in wrap(about, cells)] if about else []
    lines += _tags(offer, cells)
    if found is not None:
        heading = found.frame.heading
        lines += [(), line(Span(heading.path, "key"), Span(f"  {heading.formula}", "strong"))]
    return [clipped(each, cells) for each in lines]


def _tags(offer: Offer, cells: int) -> Iterator[Line]:
    if not offer.tags:
        return
    yield ()
    label = Bilingual("variants: {names}", "变体：{names}", names=", ".join(map(str, offer.tags)))
    text = str(label) if offer.kind == "scenario" else " ".join(map(str, offer.tags))
    for part in wrap(text, cells):
        yield line(Span(part, "dim" if offer.kind == "scenario" else "good"))


def pieces(found: Sight, cells: int) -> tuple[Piece, ...]:
    """The matrices of the step, where there is little room the result alone."""
    return found.frame.pieces if cells >= 60 else found.frame.pieces[-1:]
