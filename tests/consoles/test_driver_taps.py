"""What a driver pressed reaches the city once, in order, whatever the network does: the page's own queue, run by Node."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

STATIC = Path(__file__).resolve().parents[2] / "consoles" / "driver_static"
_PHONE = """
const kept = new Map();
globalThis.window = { localStorage: { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value) } };
export const heard = [];
let answers = [];
/** What the network does with the requests to come: a status with a problem's slug, or null where it is gone. */
export function network(...next) { answers = next; }
globalThis.fetch = async (path, { headers, body }) => {
    const answer = answers.length ? answers.shift() : [200, ""];
    if (answer === null) throw new TypeError("no network");
    const [status, slug] = answer;
    heard.push([path, headers["Idempotency-Key"], JSON.parse(body), status]);
    return { status, ok: status < 300, json: async () => ({ type: `/problems/${slug}`, title: slug, detail: "" }) };
};
"""
_PRESS = """
import { heard, network } from "./phone.mjs";
import { press, refused, send, undo, unsent } from "./taps.mjs";
const van = "R001";
const path = (stop, way) => `/v1/driver/stops/${stop}/${way}`;
"""


def run(tmp_path: Path, script: str) -> Any:
    """What `script` prints of the queue on a phone of its own."""
    if shutil.which("node") is None:
        pytest.skip("no node")
    for name in ("js/taps", "js/api", "js/words", "texts"):
        text = (STATIC / f"{name}.js").read_text(encoding="utf-8")
        for module in ("./api", "./words", "../texts"):
            text = text.replace(f'"{module}.js"', f'"./{Path(module).name}.mjs"')
        (tmp_path / f"{Path(name).name}.mjs").write_text(text, encoding="utf-8")
    (tmp_path / "phone.mjs").write_text(_PHONE, encoding="utf-8")
    (tmp_path / "run.mjs").write_text(_PRESS + script, encoding="utf-8")
    done = subprocess.run(
        ["node", "run.mjs"], cwd=tmp_path, text=True, capture_output=True, check=False, timeout=60
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_taps_without_network_are_kept_and_sent_in_order_with_the_same_key_and_the_moment_of_the_press(
    tmp_path: Path,
) -> None:
    said = run(
        tmp_path,
        """
        network(null, null);
        const first = press(van, { deed: "arrival", stop: "a", path: path("a", "arrival") });
        await send(van);
        const second = press(van, { deed: "aboard", stop: "a", path: path("a", "aboard"), body: { code: "4711" } });
        await send(van);
        const whileGone = unsent(van).map(({ deed }) => deed);
        network([503, "unavailable"]);
        await send(van);
        await send(van);
        console.log(JSON.stringify({ keys: [first.key, second.key], ats: [first.at, second.at], whileGone, heard, left: unsent().length }));
        """,
    )
    assert said["whileGone"] == ["arrival", "aboard"]
    first, second = said["keys"]
    assert [(path, key, status) for path, key, _, status in said["heard"]] == [
        ("/v1/driver/stops/a/arrival", first, 503),
        ("/v1/driver/stops/a/arrival", first, 200),
        ("/v1/driver/stops/a/aboard", second, 200),
    ]
    assert [body["at"] for _, _, body, status in said["heard"] if status == 200] == said["ats"]
    assert said["left"] == 0


def test_a_refusal_is_told_to_whoever_waits_for_it_and_kept_for_whoever_does_not(tmp_path: Path) -> None:
    said = run(
        tmp_path,
        """
        network([422, "wrong-code"]);
        const live = press(van, { deed: "aboard", stop: "a", path: path("a", "aboard"), body: { code: "1111" } });
        const raised = await send(van, { live: live.key }).then(() => null, (failure) => failure.slug);
        const afterLive = [unsent().length, refused().length];
        press(van, { deed: "aboard", stop: "a", path: path("a", "aboard"), body: { code: "2222" } });
        press(van, { deed: "out", stop: "b", path: path("b", "out") });
        network([422, "wrong-code"], [200, ""]);
        await send(van);
        console.log(JSON.stringify({ raised, afterLive, refused: refused().map(({ deed, title }) => [deed, title]), left: unsent().length }));
        """,
    )
    assert said["raised"] == "wrong-code"
    assert said["afterLive"] == [0, 0]
    assert said["refused"] == [["aboard", "wrong-code"]]
    assert said["left"] == 0


def test_what_is_answered_by_signing_out_or_by_wait_stays_to_be_sent(tmp_path: Path) -> None:
    said = run(
        tmp_path,
        """
        press(van, { deed: "arrival", stop: "a", path: path("a", "arrival") });
        for (const answer of [[401, "unauthenticated"], [429, "rate-limited"], [409, "idempotency-in-progress"]]) {
            network(answer);
            await send(van);
        }
        console.log(JSON.stringify({ left: unsent().length, refused: refused().length, keys: new Set(heard.map(([, key]) => key)).size }));
        """,
    )
    assert said == {"left": 1, "refused": 0, "keys": 1}


def test_a_tap_may_be_taken_back_until_it_is_sent_and_the_next_one_sends_it_at_once(tmp_path: Path) -> None:
    said = run(
        tmp_path,
        """
        const wrong = press(van, { deed: "arrival", stop: "a", path: path("a", "arrival"), canUndo: true });
        await send(van);
        const keptBack = heard.length;
        const isUndone = undo(wrong.key);
        const right = press(van, { deed: "arrival", stop: "b", path: path("b", "arrival"), canUndo: true });
        press(van, { deed: "no_show", stop: "b", path: path("b", "no-show") });
        await send(van);
        console.log(JSON.stringify({ keptBack, isUndone, paths: heard.map(([where]) => where), isTooLate: undo(right.key) === false }));
        """,
    )
    assert said == {
        "keptBack": 0,
        "isUndone": True,
        "paths": ["/v1/driver/stops/b/arrival", "/v1/driver/stops/b/no-show"],
        "isTooLate": True,
    }


def test_taps_of_another_van_wait_for_that_van(tmp_path: Path) -> None:
    said = run(
        tmp_path,
        """
        press("R009", { deed: "arrival", stop: "z", path: path("z", "arrival") });
        press(van, { deed: "arrival", stop: "a", path: path("a", "arrival") });
        await send(van);
        console.log(JSON.stringify({ paths: heard.map(([where]) => where), left: unsent().map(({ vehicle }) => vehicle) }));
        """,
    )
    assert said == {"paths": ["/v1/driver/stops/a/arrival"], "left": ["R009"]}
