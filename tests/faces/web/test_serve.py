"""The screen served: visitors who do not see each other, sessions of a class that touch no files, bounds and ends."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("textual_serve")
import aiohttp
from aiohttp.test_utils import TestClient, TestServer

from tfstep.faces.web.serve.server import Server
from tfstep.faces.web.serve.sessions import Rules
from tfstep.scenario.opening.reading import Reading

CODES = re.compile(r"\x1b\[[0-9;?<>=$]*[ -/]*[@-~]|\x1b[\]P].*?(?:\x07|\x1b\\)")
ENDLESS = Rules(8, float("inf"), float("inf"))


@asynccontextmanager
async def served(server: Server) -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(server.app())) as client:
        yield client


class Visitor:
    """One browser's side of the socket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket, self.seen = socket, ""

    async def until(self, text: str, seconds: float = 60) -> None:
        """Read until this stands on the screen."""

        async def read() -> None:
            while text not in self.seen:
                message = await self.socket.receive()
                assert message.type is aiohttp.WSMsgType.BINARY, (message, self.seen[-2000:])
                self.seen += CODES.sub("", message.data.decode())

        await asyncio.wait_for(read(), seconds)

    async def closed(self, seconds: float = 60) -> None:
        """Read until the session is over."""

        async def read() -> None:
            while (await self.socket.receive()).type is aiohttp.WSMsgType.BINARY:
                pass

        await asyncio.wait_for(read(), seconds)

    async def type(self, text: str) -> None:
        """Keys, one after another, as a browser sends them."""
        self.seen = ""
        for key in text:
            await self.socket.send_json(["stdin", key])


async def visit(client: TestClient[Any, Any], path: str) -> Visitor:
    visitor = Visitor(await client.ws_connect(f"{path}?width=110&height=30"))
    await visitor.until("quit" if "/en/" in path else "退出")
    return visitor


async def test_two_visitors_do_not_see_each_others_edits() -> None:
    server = Server("wo-ai-ni", "base", ENDLESS, confined=True)
    async with served(server) as client:
        one = await visit(client, "/ws/en/run/-")
        other = await visit(client, "/ws/zh/run/-")
        assert server.most_at_once == 2
        await one.type(":set enc0.attn.W_Q[0,0] = 5\r")
        await one.until("= 5")
        await one.type(":print 100 + enc0.attn.W_Q[0,0]\r")
        await one.until("105")
        await other.type(":print 100 + enc0.attn.W_Q[0,0]\r")
        await other.until("101")
        assert "105" not in other.seen
        await other.socket.send_json(["resize", {"width": 140, "height": 40}])
        await other.until("d0")
        await one.type("q")
        await one.closed()
        await other.type("n")
        await other.until("src.x")
    assert server.visits == set()


@pytest.mark.parametrize("line", ["save {file}", "export loss {file}", "source {file}", "recover"])
async def test_a_class_touches_no_files(line: str, tmp_path: Path) -> None:
    script = tmp_path / "there"
    script.write_text("set enc0.attn.W_Q[0,0] = 9\n")
    file = script if line.startswith("source") else tmp_path / "new.yaml"
    async with served(Server("wo-ai-ni", "base", ENDLESS, confined=True)) as client:
        one = await visit(client, "/ws/en/run/-")
        await one.type(":" + line.format(file=file) + "\r")
        await one.until("this is a class: sessions read and write no files")
    assert list(tmp_path.iterdir()) == [script]


async def test_who_comes_when_all_places_are_taken_is_told_so() -> None:
    async with served(Server("wo-ai-ni", "base", Rules(1, 1e9, 1e9), confined=True)) as client:
        await visit(client, "/ws/en/run/-")
        late = Visitor(await client.ws_connect("/ws/en/run/-"))
        await late.until("all 1 places are taken")
        await late.closed()


@pytest.mark.parametrize("rules", [Rules(8, 2.0, 1e9), Rules(8, 1e9, 2.0)])
async def test_an_idle_session_and_a_long_one_end(rules: Rules) -> None:
    server = Server("softmax", "base", rules, confined=True)
    async with served(server) as client:
        one = Visitor(await client.ws_connect("/ws/en/run/-"))
        await one.closed()
        for _ in range(400):
            if not server.visits:
                break
            await asyncio.sleep(0.05)
        assert server.visits == set()


async def test_what_is_no_message_is_passed_over() -> None:
    async with served(Server("softmax", "base", ENDLESS, confined=True)) as client:
        one = await visit(client, "/ws/en/run/-")
        for said in (
            "",
            "no json",
            "{}",
            "[]",
            '["stdin"]',
            '["stdin", 3]',
            '["resize", {"width": "x"}]',
            "7",
            '["nothing"]',
        ):
            await one.socket.send_str(said)
        await one.socket.send_bytes(b"\x00\xff")
        await one.type("n")
        await one.until("2/")


async def test_the_pages_name_what_can_be_opened_and_load_from_here_alone() -> None:
    async with served(Server(None, "base", ENDLESS, confined=True)) as client:
        listed = await (await client.get("/")).text()
        assert 'href="/run/wo-ai-ni?lang=en"' in listed
        assert 'href="/learn/attention?lang=en"' in listed
        answer = await client.get("/run/wo-ai-ni?lang=zh")
        text = await answer.text()
        assert "/ws/zh/run/wo-ai-ni" in text
        for page in (listed, text):
            assert not re.search(r"https?://", page)
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert (await client.get("/static/js/textual.js")).status == 200
        for path in ("/run/no-such", "/run/..%2f..%2fetc", "/ws/en/run/-", "/ws/en/run/no-such"):
            assert (await client.get(path)).status == 404
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await client.ws_connect("/ws/en/run/softmax", origin="http://elsewhere.example")


async def test_a_visitor_reads_the_language_of_his_browser_unless_one_is_set() -> None:
    async def read(server: Server, path: str, accepted: str) -> str:
        async with served(server) as client:
            return await (await client.get(path, headers={"Accept-Language": accepted})).text()

    def whole(language: str | None = None) -> Server:
        return Server(None, "base", ENDLESS, confined=True, language=language)

    chinese = "fr;q=0.9,zh-CN;q=0.8,en;q=0.7,*;q=x"
    assert "<h2>课程</h2>" in await read(whole(), "/", chinese)
    assert "<h2>Lessons</h2>" in await read(whole(), "/?lang=en", chinese)
    assert "<h2>Lessons</h2>" in await read(whole("en"), "/", chinese)
    assert "<h2>Lessons</h2>" in await read(whole(), "/", "fr, zh;q=0, en-GB;q=0.1")
    page = await read(whole(), "/run/softmax", "zh")
    assert "/ws/zh/run/softmax" in page
    assert '<a href="/?lang=zh">全部课程与场景</a>' in page
    assert "全部课程与场景" not in await read(Server("softmax", "base", ENDLESS, confined=True), "/", "zh")


async def test_the_end_of_a_session_is_explained() -> None:
    async with served(Server("softmax", "base", Rules(8, 900, 1e4), confined=True)) as client:
        assert "no key was pressed for 15 minutes" in await (await client.get("/?lang=en")).text()


async def test_on_this_machine_alone_no_other_name_is_answered_to() -> None:
    async with served(Server("softmax", "base", ENDLESS, confined=False, local=True)) as client:
        for host, status in (("127.0.0.1:1", 200), ("localhost", 200), ("[::1]:80", 200), ("evil.example", 403)):
            assert (await client.get("/", headers={"Host": host})).status == status
        strange = {"Host": "evil.example", "Origin": "http://evil.example"}
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await client.ws_connect("/ws/en/run/-", headers=strange)


async def test_a_page_with_one_scenario_opens_no_other() -> None:
    async with served(Server("softmax", "base", ENDLESS, confined=True)) as client:
        assert "/ws/en/run/-" in await (await client.get("/")).text()
        assert (await client.get("/run/wo-ai-ni")).status == 404
        assert (await client.get("/ws/en/run/wo-ai-ni")).status == 404


async def test_a_lesson_is_read_and_the_next_one_follows() -> None:
    server = Server(None, "base", ENDLESS, confined=True, lesson="similarity")
    async with served(server) as client:
        assert "/ws/zh/learn/-" in await (await client.get("/?lang=zh")).text()
        assert (await client.get("/learn/attention")).status == 200
        assert (await client.get("/run/attention")).status == 404
        one = Visitor(await client.ws_connect("/ws/en/learn/similarity?width=120&height=36"))
        await one.until("1/")
        await one.type(":save x.yaml\r")
        await one.until("this is a class: sessions read and write no files")


GUARDED = """
import sys, json
from pathlib import Path
import numpy, tfstep
from tfstep.faces.web.serve.guard import guard
file = Path(sys.argv[1]); allowed = Path(sys.argv[2])
guard([allowed])
import statistics, colorsys  # libraries are still found
tried = {
    "read": lambda: file.read_text(), "write": lambda: file.write_text("x"), "new": lambda: (file.parent / "new").touch(),
    "list": lambda: list(file.parent.iterdir()), "remove": lambda: file.unlink(), "move": lambda: file.rename("b"),
    "run": lambda: __import__("subprocess").run(["true"]), "shell": lambda: __import__("os").system("true"),
    "fork": lambda: __import__("os").fork(), "connect": lambda: __import__("socket").create_connection(("127.0.0.1", 9)),
    "write allowed": lambda: allowed.write_text("x"), "up": lambda: open(str(allowed) + "/../there"),
    "numpy": lambda: numpy.load(file), "library": lambda: open(numpy.__file__, "a"),
}
said = {}
for name, attempt in tried.items():
    try:
        attempt()
        said[name] = "done"
    except OSError as error:
        said[name] = type(error).__name__
said["read allowed"] = allowed.read_text()
print(json.dumps(said))
"""


def test_the_wall_behind_the_commands_refuses_files_programs_and_connections(tmp_path: Path) -> None:
    import json

    file, allowed = tmp_path / "there", tmp_path / "weights"
    file.write_text("secret")
    allowed.write_text("given")
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", GUARDED, str(file), str(allowed)], capture_output=True, text=True, cwd=root, check=True
    )
    said = json.loads(done.stdout)
    assert said.pop("read allowed") == "given"
    assert set(said.values()) == {"PermissionError"}, said
    assert file.read_text() == "secret"


def test_a_session_that_takes_too_much_memory_ends_by_itself() -> None:
    code = "from tfstep.faces.web.serve.guard import bound; bound(memory=1 << 30); import numpy; numpy.ones(1 << 28)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "MemoryError" in done.stderr


def test_a_session_that_computes_too_long_ends_and_no_other_one() -> None:
    code = "from tfstep.faces.web.serve.guard import bound; bound(seconds=1)\nwhile True: pass"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode < 0  # ended by the system


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--lesson"], "--lesson needs the name of a lesson"),
        (["no-such", "--lesson"], "no-such"),
        (["no-such"], "no scenario 'no-such'"),
        (["--variant", "x"], "name it"),
        (["--port", "0"], "--port"),
    ],
)
def test_a_mistake_is_told_before_anybody_comes(arguments: list[str], said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tfstep", "serve", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert said in done.stderr


async def test_a_model_on_disk_is_served_with_what_it_is_given_to_read() -> None:
    model = str(Path(__file__).parents[2] / "families" / "models" / "llama")
    server = Server(model, "base", ENDLESS, confined=True, reading=Reading(ids=((5, 17, 9),), labels="none"))
    async with served(server) as client:
        visitor = await visit(client, "/ws/en/run/-")
        await visitor.type(":print tgt.tokens.shape[1] * 1000 + tgt.tokens[0,1]\r")
        await visitor.until("3017")
        await visitor.type(":print dec0.ffn.W_1.shape[1] * 100\r")
        await visitor.until("2400")
