"""The till's own reader of QR codes: pictures of pay codes that another program drew, turned, slanted, torn, badly lit."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import segno
from PIL import Image, ImageFilter

STATIC = Path(__file__).resolve().parents[2] / "consoles" / "till_static" / "js"
CODES = ("123456789012889053599302", "123456789012238260130265", "000000000000000000000097")
_READ = """
import { digitsInLight } from "./qr_find.mjs";
import { readFileSync } from "node:fs";
const said = JSON.parse(readFileSync(0, "utf8")).map(({ width, height, light }) =>
    digitsInLight(new Uint8Array(Buffer.from(light, "base64")), width, height));
console.log(JSON.stringify(said));
"""
# How the code is held before the camera: module in points, degrees, and what is wrong with the picture.
HELD: dict[str, dict[str, Any]] = {
    "as it is": {},
    "small": {"module": 3},
    "large": {"module": 14},
    "turned a little": {"degrees": 12},
    "turned by 45": {"degrees": 45},
    "turned by 90": {"degrees": 90},
    "upside down": {"degrees": 183},
    "slanted": {"module": 8, "slant": 0.22},
    "slanted and turned": {"module": 8, "slant": -0.2, "degrees": 30},
    "blurred": {"blur": 2.0},
    "noisy": {"noise": 25.0},
    "lit from one side": {"is_shaded": True, "noise": 8.0},
    "torn": {"torn": 3},
    "in a large picture": {"size": (1280, 720), "degrees": 8, "noise": 10.0, "blur": 1.0},
}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reader as modules that Node takes for modules."""
    if shutil.which("node") is None:
        pytest.skip("no node")
    folder = tmp_path_factory.mktemp("reader")
    for name in ("qr_find", "qr_decode"):
        text = (STATIC / f"{name}.js").read_text(encoding="utf-8").replace("./qr_decode.js", "./qr_decode.mjs")
        (folder / f"{name}.mjs").write_text(text, encoding="utf-8")
    (folder / "read.mjs").write_text(_READ, encoding="utf-8")
    return folder


def read(node: Path, pictures: list[np.ndarray[Any, Any]]) -> list[str | None]:
    sent = [
        {"width": each.shape[1], "height": each.shape[0], "light": base64.b64encode(each.tobytes()).decode()}
        for each in pictures
    ]
    done = subprocess.run(
        ["node", "read.mjs"], cwd=node, input=json.dumps(sent), text=True, capture_output=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    found: list[str | None] = json.loads(done.stdout)
    return found


def drawn(
    code: str,
    *,
    module: int = 6,
    degrees: float = 0,
    slant: float = 0,
    blur: float = 0,
    noise: float = 0,
    is_shaded: bool = False,
    torn: int = 0,
    size: tuple[int, int] = (640, 480),
) -> np.ndarray[Any, Any]:
    """How light each point of a picture is in which somebody holds the code up."""
    matrix = segno.make(code, version=1, error="m", boost_error=False).matrix
    light = np.array([[0 if cell else 255 for cell in row] for row in matrix], dtype=np.uint8)
    light[10 : 10 + torn, 10 : 10 + torn] = 255
    card = Image.fromarray(np.pad(light, 6, constant_values=255))
    card = card.resize((card.width * module, card.height * module), Image.Resampling.NEAREST)
    if slant:
        wide = Image.new("L", (card.width * 2, card.height * 2), 150)
        wide.paste(card, (card.width // 2, card.height // 2))
        middle = card.width
        bend = (
            1 + slant / 2,
            slant / 3,
            -middle * slant * 0.8,
            0,
            1 + slant / 2,
            -middle * slant / 2,
            slant / middle / 2,
            0,
        )
        card = wide.transform(wide.size, Image.Transform.PERSPECTIVE, bend, Image.Resampling.BILINEAR, fillcolor=150)
    card = card.rotate(degrees, expand=True, fillcolor=150, resample=Image.Resampling.BILINEAR)
    seen = Image.new("L", size, 150)
    seen.paste(card, ((size[0] - card.width) // 2, (size[1] - card.height) // 2))
    points = np.asarray(seen.filter(ImageFilter.GaussianBlur(blur))).astype(float)
    if is_shaded:
        points = points * np.linspace(0.35, 1.0, size[0])[None, :]
    points = points + np.random.default_rng(7).normal(0, noise, points.shape)
    seen_as: np.ndarray[Any, Any] = np.clip(points, 0, 255).astype(np.uint8)
    return seen_as


def test_every_way_to_hold_a_code_up_is_read(node: Path) -> None:
    read_as = read(node, [drawn(CODES[0], **how) for how in HELD.values()])
    assert dict(zip(HELD, read_as, strict=True)) == dict.fromkeys(HELD, CODES[0])


def test_each_code_is_itself(node: Path) -> None:
    assert read(node, [drawn(code) for code in CODES]) == list(CODES)


def test_where_there_is_no_code_or_another_nothing_is_read(node: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (480, 640)).astype(np.uint8)
    blank = np.full((480, 640), 200, dtype=np.uint8)
    torn_apart = drawn(CODES[0], torn=11)
    words = np.array(
        [[0 if cell else 255 for cell in row] for row in segno.make("HTTPS", version=1, error="m").matrix],
        dtype=np.uint8,
    )
    other = np.kron(np.pad(words, 6, constant_values=255), np.ones((6, 6), dtype=np.uint8))
    assert read(node, [noise, blank, torn_apart, other]) == [None] * 4
