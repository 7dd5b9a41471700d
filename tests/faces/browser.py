"""A headless Chromium, spoken to in its own protocol: keys, mouse, what a page says, pictures."""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
import re
import shutil
import socket
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
LOCAL = re.compile(r"(http|ws)://127\.0\.0\.1|file:|data:|blob:")
NAMED = {"Enter": 13, "Backspace": 8, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Escape": 27}


def installed() -> str | None:
    """The browser on this machine, if there is one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


async def until_it_answers(address: str, program: subprocess.Popen[bytes]) -> None:
    """Wait until a server that was just started answers at this address."""
    async with aiohttp.ClientSession() as client:
        while True:
            try:
                async with client.get(address) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                assert program.poll() is None
            await asyncio.sleep(0.05)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


class Browser:
    """One browser; its pages are `Page`."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)

    async def __aenter__(self) -> Browser:
        program = installed()
        assert program is not None
        flags = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")
        self._process = await asyncio.create_subprocess_exec(
            program,
            *flags,
            "--remote-debugging-port=0",
            f"--user-data-dir={self._folder.name}",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=os.environ | {"HOME": self._folder.name},
        )
        told = Path(self._folder.name) / "DevToolsActivePort"
        while not (told.is_file() and told.read_text().count("\n")):
            await asyncio.sleep(0.05)
        self.port = int(told.read_text().splitlines()[0])
        self._http = aiohttp.ClientSession()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()
        self._process.terminate()
        await self._process.wait()
        self._folder.cleanup()

    async def page(self, address: str, width: int = 1200, height: int = 800, before: str = "") -> Page:
        """Open an address; ``before`` is a script that runs ahead of the page's own."""
        async with self._http.put(f"http://127.0.0.1:{self.port}/json/new?about:blank") as answer:
            target = await answer.json()
        page = Page(await self._http.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0))
        await page.resize(width, height)
        for domain in ("Page", "Runtime", "Network"):
            await page.ask(f"{domain}.enable")
        await page.ask("Page.addScriptToEvaluateOnNewDocument", source=before)
        await page.ask("Page.navigate", url=address)
        await page.until("location.href !== 'about:blank' && document.readyState === 'complete'")
        return page


class NavigatedError(Exception):
    """The page went elsewhere before it had answered."""


class Page:
    """One page. ``faults`` are the exceptions of its scripts, ``requests`` the addresses that it loaded."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self.faults: list[str] = []
        self.requests: list[str] = []

    @property
    def elsewhere(self) -> list[str]:
        """The addresses among ``requests`` that are not on this machine."""
        return [each for each in self.requests if not LOCAL.match(each)]

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the protocol and its result."""
        number = next(self._ids)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            said = await self._socket.receive_json()
            if said.get("method") == "Runtime.exceptionThrown":
                self.faults.append(str(said["params"]["exceptionDetails"]))
            if said.get("method") == "Network.requestWillBeSent":
                self.requests.append(said["params"]["request"]["url"])
            if said.get("id") == number:
                if "navigated" in said.get("error", {}).get("message", ""):
                    raise NavigatedError
                assert "error" not in said, said
                result: dict[str, Any] = said["result"]
                return result

    async def value(self, script: str) -> Any:
        """What an expression is in the page."""
        said = await self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in said, said
        return said["result"].get("value")

    async def until(self, script: str, seconds: float = 180) -> None:
        """Wait until an expression holds, on this page or on the one to which it goes."""
        for _ in range(int(seconds / 0.05)):
            with suppress(NavigatedError):
                if await self.value(script):
                    return
            await asyncio.sleep(0.05)
        raise AssertionError(f"never: {script}")

    async def press(self, *keys: str) -> None:
        """Press keys one after another; ``Shift+Enter`` is Enter with Shift held."""
        for name in keys:
            held, key = (8, name[6:]) if name.startswith("Shift+") else (0, name)
            code = NAMED.get(key, ord(key.upper()) if len(key) == 1 and key.isascii() and key.isalnum() else 0)
            pressed = {"key": key, "windowsVirtualKeyCode": code, "modifiers": held}
            typed = {"text": "\r" if key == "Enter" else key} if len(key) == 1 or key == "Enter" else {}
            await self.ask("Input.dispatchKeyEvent", type="keyDown", **pressed, **typed)
            await self.ask("Input.dispatchKeyEvent", type="keyUp", **pressed)

    async def write(self, text: str) -> None:
        """Put in a text, as an input method does."""
        await self.ask("Input.insertText", text=text)

    async def resize(self, width: int, height: int) -> None:
        """Give the window another size, in pixels."""
        await self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    async def click_at(self, x: float, y: float) -> None:
        """Click at a place of the window."""
        for kind in ("mousePressed", "mouseReleased"):
            await self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    async def rest(self, script: str) -> None:
        """Rest the pointer on the element that an expression names."""
        x, y = await self._middle(script)
        await self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    async def click(self, script: str) -> None:
        """Click in the middle of the element that an expression names."""
        await self.click_at(*await self._middle(script))

    async def _middle(self, script: str) -> tuple[float, float]:
        middle = "const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]"
        box = await self.value(f"(e => {{ e.scrollIntoView({{block: 'center'}}); {middle} }})({script})")
        return box[0], box[1]

    async def picture(self, file: Path) -> None:
        """What is seen, as a PNG."""
        said = await self.ask("Page.captureScreenshot", format="png")
        file.write_bytes(base64.b64decode(said["data"]))
