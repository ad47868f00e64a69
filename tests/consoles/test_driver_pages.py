"""The driver's page as it is served: closed to everything from outside, and with a worker that keeps all of it."""

from __future__ import annotations

import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from consoles.driver import SHELF, driver


@pytest.fixture
def page() -> FlaskClient:
    app = Flask(__name__)
    app.register_blueprint(driver)
    return app.test_client()


def test_every_screen_is_the_one_page_and_may_load_nothing_from_outside(page: FlaskClient) -> None:
    for screen in ("/driver", "/driver/day", "/driver/more", "/driver/stops/stop_01j"):
        answer = page.get(screen)
        assert answer.status_code == 200 and "復康巴士司機" in answer.text, screen
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
        assert answer.headers["Permissions-Policy"].startswith("geolocation=(self)")


def test_the_worker_keeps_every_file_that_there_is_and_no_answer_of_the_api(page: FlaskClient) -> None:
    worker = page.get("/driver/sw.js")
    assert worker.headers["Service-Worker-Allowed"] == "/driver"
    kept = json.loads(re.findall(r"^const FILES = (.*);$", worker.text, re.MULTILINE)[0])
    names = {name for name in SHELF.contents.assets if name not in SHELF.templates}
    assert {address.removeprefix(f"/driver/assets/{SHELF.contents.version}/") for address in kept} == names
    assert {page.get(address).status_code for address in kept} == {200}
    assert "/v1/" not in worker.text


def test_what_is_not_there_is_not_found(page: FlaskClient) -> None:
    for address in ("/driver/assets/x/sw.js", "/driver/assets/x/../../driver.py", "/driver/driver.py"):
        assert page.get(address).status_code == 404, address
