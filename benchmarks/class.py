"""A class in browsers: twenty visitors of `tfstep serve --class` at once, each at work for two minutes.

    python benchmarks/class.py [VISITORS] [SECONDS] [--figures FILE]

Each changes a weight to a number of its own and goes on asking for it; told are how many sessions were lost, how often
one showed a number that is another's, how long an answer took, and the memory of all (proportional shares: what
processes have in common counts once). Ends with status 1 where a session was lost or showed what is not its own.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import figures

ROOT = Path(__file__).resolve().parents[1]
CODES = re.compile(r"\x1b\[[0-9;?<>=$]*[ -/]*[@-~]|\x1b[\]P].*?(?:\x07|\x1b\\)")


class Visitor:
    """One visitor, who knows only its own number."""

    def __init__(self, number: int) -> None:
        self.number, self.seen, self.waited, self.foreign = number, "", list[float](), 0

    async def visit(self, client: aiohttp.ClientSession, address: str, until: float) -> None:
        """Set a weight, and ask for it and for other numbers until the time is over. Raises where the session ends."""
        socket_ = await client.ws_connect(f"{address}/ws/en/run/-?width=110&height=30", max_msg_size=0)
        await self._read(socket_, "quit")
        await self._type(socket_, f"set enc0.attn.W_Q[0,0] = {self.number}", f"→ +{self.number}")
        while time.monotonic() < until:
            asked = time.monotonic()
            await self._type(socket_, "print 7000 + enc0.attn.W_Q[0,0]", str(7000 + self.number))
            self.waited.append(time.monotonic() - asked)
            for key in "nnpg":
                await socket_.send_json(["stdin", key])
            await asyncio.sleep(1)
            await socket_.send_json(["stdin", "g"])
        await socket_.close()

    async def _type(self, socket_: aiohttp.ClientWebSocketResponse, line: str, awaited: str) -> None:
        self.seen = ""
        for key in f":{line}\r":
            await socket_.send_json(["stdin", key])
        await self._read(socket_, awaited)

    async def _read(self, socket_: aiohttp.ClientWebSocketResponse, awaited: str) -> None:
        while awaited not in self.seen:
            message = await asyncio.wait_for(socket_.receive(), 60)
            if message.type is not aiohttp.WSMsgType.BINARY:
                raise ConnectionError(f"visitor {self.number}: {message.type.name}")
            self.seen += CODES.sub("", message.data.decode())
        shown = {int(each) for each in re.findall(r"(?<![\d.])7[01]\d\d(?![\d.])", self.seen)} - {
            7000,
            7000 + self.number,
        }
        self.foreign += bool(shown)


def memory(process: int) -> tuple[int, list[int]]:
    """The kilobytes of a process, and of each of its children."""
    children = [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    return _kilobytes(process), [_kilobytes(each) for each in children]


def _kilobytes(process: int) -> int:
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):  # it has ended
        return 0
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) if found else 0


async def run(visitors: int, seconds: float, kept: figures.Figures) -> int:
    """Serve, visit, tell. Returns the exit status."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        port = tried.getsockname()[1]
    command = [sys.executable, "-m", "tfstep", "serve", "--class", "--port", str(port), "wo-ai-ni"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as server:
        try:
            address = f"http://127.0.0.1:{port}"
            async with aiohttp.ClientSession() as client:
                await _up(client, address)
                began = time.monotonic()
                all_ = [Visitor(number) for number in range(11, 11 + visitors)]
                at_work = [asyncio.create_task(each.visit(client, address, began + seconds)) for each in all_]
                most = (0, list[int]())
                while not all(each.done() for each in at_work):
                    await asyncio.sleep(2)
                    now = memory(server.pid)
                    most = max(most, now, key=lambda pair: pair[0] + sum(pair[1]))
                ended = await asyncio.gather(*at_work, return_exceptions=True)
        finally:
            server.terminate()
    lost = [each for each in ended if each is not None]
    waited = sorted(second for each in all_ for second in each.waited)
    foreign = sum(each.foreign for each in all_)
    case = f"{visitors} visitors, {seconds:.0f} s"
    for each in lost:
        print(f"  {each!r}")
    kept.add(case, "sessions lost", len(lost), aim=0)
    kept.add(case, "sessions that showed another's number", foreign, aim=0)
    if waited:
        kept.add(case, "from a line typed to its answer", waited, "s")
        kept.add(case, "the same, 95th percentile", waited[int(0.95 * (len(waited) - 1))], "s")
    kept.add(case, "memory of all", (most[0] + sum(most[1])) / 1024, "MB")
    kept.add(case, "memory of the server", most[0] / 1024, "MB")
    if most[1]:
        kept.add(case, "memory of a session", statistics.median(most[1]) / 1024, "MB")
    return 1 if lost or foreign else 0


async def _up(client: aiohttp.ClientSession, address: str) -> None:
    while True:
        try:
            async with client.get(address):
                return
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(0.1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("visitors", nargs="?", type=int, default=20)
    parser.add_argument("seconds", nargs="?", type=float, default=120)
    figures.option(parser)
    options = parser.parse_args()
    sys.exit(asyncio.run(run(options.visitors, options.seconds, figures.Figures("class", options.figures))))
