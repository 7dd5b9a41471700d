"""The web server: a page with what can be opened, a terminal for each visitor, and their sockets."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import time
from collections.abc import Awaitable, Callable, Iterable
from importlib.resources import files
from operator import itemgetter
from pathlib import Path
from string import Template as Form
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from aiohttp import WSMsgType, web

from tfstep.faces.web.serve.sessions import Rules, Visit
from tfstep.lessons.format.catalog import summaries as lessons
from tfstep.scenario.file.catalog import summaries as scenarios
from tfstep.scenario.opening.reading import Reading
from tfstep.text import LANGUAGES, Bilingual, language
from tfstep.view.text.markup import escape

HERE = Path(__file__).parent
GIVEN = "-"  # in addresses: what the server was started with
LONGEST = 100_000  # characters of one message of a visitor
ALL = Bilingual("all lessons and scenarios", "全部课程与场景")
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; img-src 'self' data:"
POLICY += "; frame-ancestors 'none'"


class Server:
    """Serves one scenario, a lesson and those after it, or with neither all that ship.

    Every visitor has a process of his own.
    """

    def __init__(
        self,
        scenario: str | None,
        variant: str,
        rules: Rules,
        confined: bool,
        reading: Reading | None = None,
        lesson: str | None = None,
        language: str | None = None,
        local: bool = False,
    ) -> None:
        """``language`` is what every visitor gets who asks for none, else it is that of his browser.

        ``local``: none but addresses of this machine are answered to, so that no page of a stranger's who has his
        name point here can speak to it.
        """
        self.reading = msgspec.json.encode(reading or Reading()).decode()  # what the model is given to read
        self.scenario, self.variant, self.rules, self.confined = scenario, variant, rules, confined
        self.lesson, self.language, self.local = lesson, language, local
        self.visits: set[Visit] = set()
        self.most_at_once = 0
        self.endings: set[asyncio.Task[None]] = set()

    def app(self) -> web.Application:
        """The application, to be run by aiohttp."""
        made = web.Application(middlewares=[_guarded, *([_local] if self.local else [])])
        static = Path(str(files("textual_serve"))) / "static"
        made.add_routes(
            [
                web.get("/", self.index),
                web.get("/{kind:run|learn}/{name}", self.terminal),
                web.get("/ws/{language}/{kind:run|learn}/{name}", self.socket),
                web.static("/static", static),
            ]
        )
        made.on_shutdown.append(self._close)
        return made

    async def index(self, request: web.Request) -> web.Response:
        """What was given, or the list of all that ship."""
        if self.lesson is not None or self.scenario is not None:
            return self._terminal(request, "run" if self.lesson is None else "learn", GIVEN)
        chosen = self._language(request)
        numbered = ((each.name, f"{each.order} · {each.title.in_(chosen)}") for each in lessons())
        return _page(
            "list.html",
            lang=chosen,
            lessons=Bilingual("Lessons", "课程").in_(chosen),
            lesson_rows=_rows("learn", numbered, chosen),
            scenarios=Bilingual("Scenarios", "场景").in_(chosen),
            scenario_rows=_rows("run", ((each.name, each.title.in_(chosen)) for each in scenarios()), chosen),
            other="zh" if chosen == "en" else "en",
            named="中文" if chosen == "en" else "English",
        )

    def offers(self, kind: str, name: str) -> bool:
        """Whether this can be opened: what was given has the name ``-``, what ships its own."""
        if name == GIVEN:
            return (self.lesson if kind == "learn" else self.scenario) is not None
        if kind == "learn":
            return self.scenario is None and name in {each.name for each in lessons()}
        return self.scenario is None and self.lesson is None and name in {each.name for each in scenarios()}

    async def terminal(self, request: web.Request) -> web.Response:
        """The terminal on one of the lessons or scenarios that ship."""
        kind, name = request.match_info["kind"], request.match_info["name"]
        if not self.offers(kind, name):
            raise web.HTTPNotFound
        return self._terminal(request, kind, name)

    def _language(self, request: web.Request) -> str:
        asked = request.query.get("lang", self.language)
        return asked if asked in LANGUAGES else _preferred(request.headers.get("Accept-Language", ""))

    def _terminal(self, request: web.Request, kind: str, name: str) -> web.Response:
        chosen = self._language(request)
        secure = request.headers.get("X-Forwarded-Proto", request.scheme) == "https"
        socket = f"{'wss' if secure else 'ws'}://{request.host}/ws/{chosen}/{kind}/{quote(name)}"
        size = request.query.get("fontsize", "")
        return _page(
            "terminal.html",
            lang=chosen,
            socket=escape(socket),
            size=size if size.isascii() and size.isdigit() and len(size) < 3 else "16",
            title=escape("tfstep" if name == GIVEN else f"{name} · tfstep"),
            waiting=escape(Bilingual("starting …", "正在启动……").in_(chosen)),
            ended=escape(Bilingual("The session has ended.", "会话已结束。").in_(chosen)),
            why=escape(self.rules.told().in_(chosen)),
            again=escape(Bilingual("Start again", "重新开始").in_(chosen)),
            back=""
            if self.scenario or self.lesson
            else f'<p><a href="/?lang={chosen}">{escape(ALL.in_(chosen))}</a></p>',
        )

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """What is typed goes in, what is drawn comes out, until either side ends it."""
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden  # a page of someone else's would speak in the visitor's name
        kind, name = request.match_info["kind"], request.match_info["name"]
        if not self.offers(kind, name):
            raise web.HTTPNotFound
        socket = web.WebSocketResponse(heartbeat=15, max_msg_size=LONGEST)
        await socket.prepare(request)
        if len(self.visits) >= self.rules.most:
            full = Bilingual(
                "all {n} places are taken; try again later", "{n} 个位置都已占用，请稍后再试", n=self.rules.most
            )
            await socket.send_bytes(f"\x1b[2J\x1b[H{full}\r\n".encode())
            await socket.close()
            return socket
        variant = self.variant if name == GIVEN else "base"
        given = name if name != GIVEN else str(self.lesson if kind == "learn" else self.scenario)
        chosen = request.match_info["language"]
        arguments = [kind, given, variant, chosen if chosen in LANGUAGES else language(), self.reading]
        visit = Visit(
            [*arguments, *(["class"] if self.confined else [])], socket.send_bytes, socket.send_str, _closing(socket)
        )
        self.visits.add(visit)
        self.most_at_once = max(self.most_at_once, len(self.visits))
        watch = asyncio.create_task(self._watch(visit, socket))
        try:
            await visit.start(_number(request, "width", 80), _number(request, "height", 24))
            await _listen(socket, visit)
        except ConnectionError:
            pass  # the visitor went away
        finally:
            watch.cancel()
            await asyncio.shield(self._ended(visit))  # also where the connection broke and this task is cancelled
        return socket

    async def _watch(self, visit: Visit, socket: web.WebSocketResponse) -> None:
        while not self.rules.over(visit, time.monotonic()):
            await asyncio.sleep(min(5.0, self.rules.idle / 4))
        await socket.close()

    def _ended(self, visit: Visit) -> asyncio.Task[None]:
        """End a session, once; it gives its place free when its process is gone."""
        if visit.ending is not None:
            return visit.ending

        async def end() -> None:
            try:
                await visit.stop()
            finally:
                self.visits.discard(visit)

        visit.ending = task = asyncio.create_task(end())
        self.endings.add(task)
        task.add_done_callback(self.endings.discard)
        return task

    async def _close(self, app: web.Application) -> None:
        await asyncio.gather(*(self._ended(visit) for visit in list(self.visits)), *self.endings)


def _closing(socket: web.WebSocketResponse) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        await socket.close()

    return close


async def _listen(socket: web.WebSocketResponse, visit: Visit) -> None:
    """Hand on what the browser says; what is no message of a terminal is passed over."""
    async for message in socket:
        if message.type != WSMsgType.TEXT:
            continue
        try:
            kind, *rest = json.loads(message.data)
        except (ValueError, TypeError):
            continue
        given: Any = rest[0] if rest else None
        if kind == "ping":
            await socket.send_json(["pong", given])
            continue
        if kind == "stdin" and isinstance(given, str):
            visit.touch()
            await visit.send_bytes(given.encode("utf-8", "replace"))
        elif kind == "resize" and isinstance(given, dict):
            width, height = (given.get(side) for side in ("width", "height"))
            if isinstance(width, int) and isinstance(height, int):
                await visit.set_terminal_size(max(20, min(width, 500)), max(5, min(height, 200)))
        elif kind in ("focus", "blur"):
            await (visit.focus() if kind == "focus" else visit.blur())


def _preferred(accepted: str) -> str:
    """The first language of ours that a browser asks for, in its order of preference."""
    ranked = []
    for each in accepted.split(","):
        name, _, weight = each.partition(";q=")
        try:
            ranked.append((-float(weight or 1), name.strip().lower().partition("-")[0]))
        except ValueError:
            continue
    return next(
        (name for weight, name in sorted(ranked, key=itemgetter(0)) if name in LANGUAGES and weight), language()
    )


def _rows(kind: str, named: Iterable[tuple[str, str]], chosen: str) -> str:
    return "".join(
        f'<li><a href="/{kind}/{quote(name)}?lang={chosen}">{escape(title)}</a> <small>{escape(name)}</small></li>'
        for name, title in named
    )


def _number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, "")
    return min(500, max(5, int(text))) if text.isascii() and text.isdigit() and len(text) < 5 else default


def _page(file: str, **places: str) -> web.Response:
    text = Form((HERE / file).read_text("utf-8")).substitute(places)
    return web.Response(text=text, content_type="text/html")


@web.middleware
async def _local(request: web.Request, handler: Any) -> web.StreamResponse:
    """Refuse who calls this machine by a name that is not its own."""
    name = urlsplit(f"//{request.host}").hostname or ""
    if not is_loopback(name):
        raise web.HTTPForbidden
    answered: web.StreamResponse = await handler(request)
    return answered


def is_loopback(host: str) -> bool:
    """Whether an address or a name means this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@web.middleware
async def _guarded(request: web.Request, handler: Any) -> web.StreamResponse:
    """Every page loads from this server alone and is shown in no other one."""
    response: web.StreamResponse = await handler(request)
    if not response.prepared:
        host = request.host
        response.headers["Content-Security-Policy"] = f"{POLICY}; connect-src 'self' ws://{host} wss://{host}"
        response.headers["X-Content-Type-Options"] = "nosniff"
    return response
