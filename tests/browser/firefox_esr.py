"""A citizen's Firefox, driven by the protocol that it speaks itself (WebDriver BiDi, W3C): nothing is downloaded.

Its push service is the sandbox's; two settings of the browser lead it there.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Any

from stack import Stack
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

_PREFERENCES = {
    "alerts.useSystemBackend": False,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.push.connection.enabled": True,
    "dom.push.enabled": True,
    "dom.push.retryBaseInterval": 200,
    "dom.push.testing.allowInsecureServerURL": True,
    "intl.accept_languages": "zh-TW, zh",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    # 1: allowed wherever it is asked for.
    "permissions.default.desktop-notification": 1,
    "remote.prefs.recommended": True,
    "services.settings.server": "data:,",
}


def firefox() -> str | None:
    """Where Debian's Firefox is, or None."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


class NotSaid(Exception):
    """A page's script failed, or the browser refused."""


class Firefox:
    """One Firefox with one tab, in a profile of its own, without a window."""

    def __init__(self, stack: Stack, **preferences: Any) -> None:
        self.stack = stack
        self._profile = tempfile.mkdtemp(prefix="mykh-firefox-", dir="/var/tmp")
        self.errors: list[str] = []
        wanted = _PREFERENCES | {"dom.push.serverURL": f"ws://localhost:{stack.sandbox_push_port}/"} | preferences
        with open(f"{self._profile}/user.js", "w") as file:
            file.writelines(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in wanted.items())
        binary = firefox()
        assert binary is not None
        self._process = subprocess.Popen(
            [binary, "--headless", "--no-remote", "--profile", self._profile, "--remote-debugging-port", "0"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
            env=os.environ | {"HOME": self._profile, "MOZ_HEADLESS": "1"},
        )  # fmt: skip
        try:
            self._connection = connect(f"{self._address()}/session", max_size=None, legacy=True)
            self._last = 0
            self._ask("session.new", capabilities={})
            self._tab = self._ask("browsingContext.getTree")["contexts"][0]["context"]
            self._ask("session.subscribe", events=["log.entryAdded"])
        except BaseException:
            self.close()
            raise

    def open(self, path: str = "/app") -> None:
        """Go to a page of the phone, and wait until it is loaded."""
        self._ask("browsingContext.navigate", context=self._tab, url=self.stack.url + path, wait="complete")

    def run(self, script: str, *arguments: Any) -> Any:
        """What the page's script returns (`arguments` are named a, b, c …), as after a tap of a person's."""
        names = "abcdef"[: len(arguments)]
        given = "".join(f"const {name} = {json.dumps(value)}; " for name, value in zip(names, arguments, strict=True))
        answer = self._ask(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await (async () => {{ {given}{script} }})()))()",
            target={"context": self._tab},
            awaitPromise=True,
            userActivation=True,
        )
        if answer["type"] != "success":
            raise NotSaid(answer["exceptionDetails"]["text"])
        value = answer["result"].get("value")
        return json.loads(value) if value is not None else None

    def until(self, what: Callable[[], Any], *, seconds: float = 30.0, saying: str = "") -> Any:
        """The first true answer of `what`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = what()
            if found:
                return found
            time.sleep(0.1)
        shown = self.run("return [location.pathname, document.body.innerText.slice(0, 800)]")
        raise AssertionError(f"it did not come {saying}: {shown} {self.errors}")

    def sees(self, heading: str) -> None:
        """Wait for the screen whose heading this is."""
        self.until(lambda: self.run("return document.querySelector('h1')?.innerText") == heading, saying=heading)

    def press(self, name: str) -> None:
        """Press the button or link that reads so."""
        find = (
            "const one = [...document.querySelectorAll('button, a')].find((each) => each.innerText.trim() === a);"
            "one?.click(); return Boolean(one)"
        )
        self.until(lambda: self.run(find, name), saying=name)

    def fill(self, label: str, text: str) -> None:
        """Type into the field with this label."""
        find = (
            "const label = [...document.querySelectorAll('label')].find((each) => each.innerText.trim() === a);"
            "if (!label) return false; const field = document.getElementById(label.htmlFor); field.value = b;"
            "field.dispatchEvent(new Event('input', {bubbles: true})); return true"
        )
        self.until(lambda: self.run(find, label, text), saying=label)

    def sign_in(self, national_id: str, password: str, mobile: str) -> None:
        """Number and password, and the code from the text message (in Chinese); a passkey, if one is offered, is for
        later."""
        self.open()
        self.fill("身分證字號或居留證號", national_id)
        self.fill("密碼", password)
        before = len(self.stack.sandbox.sms(f"+886{mobile[1:]}"))
        self.press("下一步")
        texts = self.until(lambda: self.stack.sandbox.sms(f"+886{mobile[1:]}")[before:], saying="a text message")
        found = re.search(r"(?<![0-9])[0-9]{6}(?![0-9])", texts[0]["text"])
        assert found is not None
        self.fill("六位數驗證碼", found.group())
        self.press("確認")
        heading = "return document.querySelector('h1')?.innerText"
        self.until(lambda: self.run(heading) == "我要繳的" or self.shows("以後再說"), saying="being signed in")
        if self.shows("以後再說"):
            self.press("以後再說")
        self.sees("我要繳的")

    def shows(self, name: str) -> bool:
        """Whether there is a button that reads so."""
        find = "return [...document.querySelectorAll('button')].some((each) => each.innerText.trim() === a)"
        return bool(self.run(find, name))

    def notifications(self) -> list[dict[str, Any]]:
        """What the service worker shows at this moment."""
        return list(
            self.run(
                "const registration = await navigator.serviceWorker.ready;"
                "return (await registration.getNotifications()).map(({title, body, tag, silent, requireInteraction, data}) =>"
                " ({title, body, tag, silent, requireInteraction, data}))"
            )
        )

    def close(self) -> None:
        """End the browser, and forget its profile."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        shutil.rmtree(self._profile, ignore_errors=True)

    def _address(self) -> str:
        assert self._process.stdout is not None
        said = []
        for line in self._process.stdout:
            said.append(line)
            found = re.search(r"WebDriver BiDi listening on (ws://\S+)", line)
            if found:
                # Whatever else it says has to go somewhere, or it stops at a full pipe.
                threading.Thread(target=self._process.stdout.read, daemon=True).start()
                return found.group(1)
        raise RuntimeError(f"Firefox did not start: {''.join(said)}")

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._last += 1
        self._connection.send(json.dumps({"id": self._last, "method": method, "params": params}))
        while True:
            try:
                heard = json.loads(self._connection.recv(timeout=60))
            except ConnectionClosed as gone:
                raise NotSaid(f"Firefox is gone: {gone}") from gone
            if heard.get("method") == "log.entryAdded" and heard["params"]["level"] == "error":
                self.errors.append(str(heard["params"]["text"]))
            if heard.get("id") == self._last:
                if heard["type"] == "error":
                    raise NotSaid(f"{method}: {heard['error']}: {heard['message']}")
                return dict(heard["result"])
