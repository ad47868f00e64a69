"""Bureaus over HTTP: sending a file, asking what became of it, fetching what was refused."""

import base64
import csv
import gzip
import hashlib
import io
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from feed_files import FILE_NAMES, SAMPLES, feed
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import ECKey

from api.app import create_app
from core.db import Database
from core.settings import settings
from identity import bureaus
from wallet.feed_profiles import PROFILES

BATCHES = "/v1/bureau/bill-batches"
MEBIBYTE = 1 << 20


class Bureau:
    """A bureau's system with its access token."""

    def __init__(self, http: FlaskClient, database: Database, bureau: str, *scopes: str) -> None:
        self.http = http
        client_id = f"client-{uuid4()}"
        key = ECKey.generate_key("P-256", private=True)
        moment = datetime.now(UTC)
        with database.unit_of_work() as session:
            bureaus.register_bureau_client(session, client_id, bureau, key.as_dict(private=False), scopes, now=moment)
        claims = {
            "iss": client_id, "sub": client_id, "aud": settings().public_origin, "jti": str(uuid4()),
            "iat": int(moment.timestamp()), "exp": int((moment + timedelta(minutes=2)).timestamp()),
        }  # fmt: skip
        form = {
            "grant_type": "client_credentials", "client_assertion_type": bureaus.ASSERTION_TYPE,
            "client_assertion": jwt.encode({"alg": "ES256"}, claims, key),
        }  # fmt: skip
        answer = http.post("/oauth/token", data=form)
        assert answer.status_code == 200, answer.text
        self.headers = {"Authorization": f"Bearer {answer.get_json()['access_token']}"}

    def send(self, source: str, content: Any, **headers: str) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(
            f"{BATCHES}?source={source}", data=content, headers={"Content-Type": "text/csv", **self.headers, **sent}
        )

    def get(self, path: str) -> Any:
        return self.http.get(path, headers=self.headers)


@pytest.fixture
def http(database: Database) -> FlaskClient:
    return create_app().test_client()


@pytest.fixture
def parking(http: FlaskClient, database: Database) -> Bureau:
    return Bureau(http, database, "parking", "bills:write")


@pytest.fixture
def fines(http: FlaskClient, database: Database) -> Bureau:
    return Bureau(http, database, "fines", "bills:write")


@pytest.mark.parametrize("source", list(PROFILES))
def test_a_bureau_sends_a_file_and_hears_what_became_of_every_line(
    http: FlaskClient, database: Database, source: str
) -> None:
    bureau = Bureau(http, database, PROFILES[source].sender, "bills:write")
    answer = bureau.send(source, (SAMPLES / FILE_NAMES[source]).read_bytes())
    batch = answer.get_json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{BATCHES}/{batch['id']}"
    assert batch["id"].startswith("bat_")
    assert batch["rows"] == batch["accepted"] + batch["ignored"] + batch["refused"] > 0
    assert batch["accepted"] == batch["changed"] + batch["unchanged"]
    assert bureau.get(f"{BATCHES}/{batch['id']}").get_json() == batch


def test_a_bureau_may_not_send_another_bureaus_bills(parking: Bureau) -> None:
    for source in ("fines", "paid-elsewhere"):
        answer = parking.send(source, feed(source, {}))
        assert answer.status_code == 403
        assert PROFILES[source].sender in answer.get_json()["detail"]


def test_the_same_file_again_answers_200_with_the_first_batch(parking: Bureau) -> None:
    first = parking.send("parking", feed("parking", {}))
    again = parking.send("parking", feed("parking", {}))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.get_json() == first.get_json()


def test_refused_lines_come_page_by_page_with_row_column_reason_and_raw_line(parking: Bureau) -> None:
    content = feed("parking", {}, {"應繳金額": ""}, {"車號": "KK9786"}, {"狀態": "?"})
    batch = parking.send("parking", content).get_json()
    first = parking.get(f"{batch['refusals_url']}?limit=2").get_json()
    second = parking.get(f"{batch['refusals_url']}?limit=2&cursor={first['next_cursor']}").get_json()
    items = first["items"] + second["items"]
    assert [(item["row"], item["field"], item["reason"]) for item in items] == [
        (2, "應繳金額", "amount_missing"),
        (3, "車號", "plate_ambiguous"),
        (4, "狀態", "status_unknown"),
    ]
    assert [item["raw"] for item in items] == content.decode("cp950").split("\r\n")[2:5]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("cursor", ["x", "WzFd", "Wy0xXQ", "Wzk5OTk5OTk5OTk5OTk5OTk5OTld", "WyJhIl0"])
def test_a_made_up_cursor_gives_an_answer_or_a_clear_refusal(parking: Bureau, cursor: str) -> None:
    batch = parking.send("parking", feed("parking", {})).get_json()
    assert parking.get(f"{batch['refusals_url']}?cursor={cursor}").status_code in (200, 422)


def test_refused_lines_are_downloaded_in_the_sources_own_encoding(parking: Bureau) -> None:
    content = feed("parking", {"應繳金額": "", "路段": "??"}, {"應繳金額": ""}).replace(b"??", b"\xff\xff")
    batch = parking.send("parking", content).get_json()
    answer = parking.get(f"{batch['refusals_url']}.csv")
    assert answer.content_type == "text/csv; charset=big5"
    assert batch["id"] in answer.headers["Content-Disposition"]
    header, first, second = answer.data.splitlines()
    assert header == b'"row","field","reason","raw"'
    assert first == b'"1","' + "路段".encode("cp950") + b'","encoding_invalid","' + content.splitlines()[1] + b'"'
    assert second.decode("cp950") == f'"2","應繳金額","amount_missing","{content.splitlines()[2].decode("cp950")}"'


def test_a_refused_line_that_looks_like_a_formula_is_made_harmless_where_it_is_exported(fines: Bureau) -> None:
    starts = ["=1+1", "+1", "-1", "@SUM(1)", "＝1", "＋1", "－1", "＠1", "\t=1", "A1"]
    content = feed("fines", *[{"NOTICE_NO": start} for start in starts])
    batch = fines.send("fines", content).get_json()
    assert batch["refused"] == len(starts)
    answer = fines.get(f"{batch['refusals_url']}.csv")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    exported = [row["raw"] for row in csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline=""))]
    assert [raw.split(",")[0] for raw in exported] == [f"'{start}" for start in starts[:-1]] + ["A1"]
    shown = fines.get(batch["refusals_url"]).get_json()["items"]
    assert [item["raw"].split(",")[0] for item in shown] == starts


def test_all_refused_lines_of_a_large_file_are_downloaded(parking: Bureau) -> None:
    batch = parking.send("parking", feed("parking", *[{"應繳金額": "x"}] * 2_500)).get_json()
    answer = parking.get(f"{batch['refusals_url']}.csv")
    assert [line.split(b",")[0] for line in answer.data.splitlines()[1:]] == [b'"%d"' % n for n in range(1, 2_501)]


def test_another_clients_batch_is_as_little_there_as_none(
    http: FlaskClient, database: Database, parking: Bureau
) -> None:
    other = Bureau(http, database, "parking", "bills:write")
    batch = parking.send("parking", feed("parking", {"應繳金額": ""})).get_json()
    for path in (f"{BATCHES}/{batch['id']}", batch["refusals_url"], f"{batch['refusals_url']}.csv"):
        nobodys = path.replace(batch["id"], "bat_01jd0000000000000000000000")
        answers = [other.get(path), other.get(nobodys), other.get(path.replace(batch["id"], "bat_x"))]
        assert [answer.status_code for answer in answers] == [404] * 3
        assert {answer.get_json()["type"] for answer in answers} == {answers[0].get_json()["type"]}


def test_only_a_client_that_may_write_bills_gets_in(http: FlaskClient, database: Database) -> None:
    reader = Bureau(http, database, "parking", "campaigns:write")
    assert reader.send("parking", feed("parking", {})).status_code == 403
    assert http.post(f"{BATCHES}?source=parking", data=b"").status_code == 401


@pytest.mark.parametrize("query", ["", "?source=", "?source=taxes", "?source=parking&x=1"])
def test_an_unknown_source_is_refused(parking: Bureau, query: str) -> None:
    answer = parking.http.post(f"{BATCHES}{query}", data=feed("parking", {}), headers=parking.headers)
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("content", "headers", "status", "slug"),
    [
        (gzip.compress(feed("parking", {})), {}, 415, "feed-compressed"),
        (gzip.compress(feed("parking", {})), {"Content_Encoding": "gzip"}, 415, "feed-compressed"),
        (feed("parking", {}), {"Content_Type": "application/json"}, 415, "unsupported-media-type"),
        (feed("parking", {})[:-1], {}, 422, "feed-truncated"),
        (feed("fines", {}), {}, 422, "feed-header-unknown"),
        (feed("parking", {}).decode("cp950").encode(), {}, 422, "feed-encoding-wrong"),
        (b"", {}, 422, "feed-header-unknown"),
        (bytes(100), {}, 422, "feed-not-text"),
        (feed("parking", {}), {"Content_Digest": "sha-256=:YWJj:"}, 400, "content-digest-wrong"),
        (feed("parking", {}), {"Content_Digest": "sha-256=abc"}, 400, "content-digest-wrong"),
        (feed("parking", {}), {"Content_Digest": "sha-256=:a:"}, 400, "content-digest-wrong"),
    ],
)
def test_a_bad_file_is_refused_with_one_clear_problem(
    parking: Bureau, content: bytes, headers: dict[str, str], status: int, slug: str
) -> None:
    answer = parking.send("parking", content, **headers)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["type"].endswith(f"/problems/{slug}")
    assert parking.send("parking", feed("parking", {})).get_json()["changed"] == 1


def test_a_content_digest_that_holds_is_accepted(parking: Bureau) -> None:
    content = feed("parking", {})
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    answer = parking.send("parking", content, Content_Digest=f"sha-512=:AAAA:, sha-256=:{digest}:")
    assert answer.status_code == 201


class OneLine:
    """A body of one line, made while it is read."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        taken = self.left if size < 0 else min(size, self.left)
        self.left -= taken
        return b"1" * taken


def test_a_gibibyte_of_one_line_is_refused_in_flat_memory_and_heard_by_the_sender(parking: Bureau) -> None:
    body = OneLine(1024 * MEBIBYTE)
    tracemalloc.start()
    try:
        answer = parking.http.post(
            f"{BATCHES}?source=parking",
            environ_overrides={"wsgi.input": body, "CONTENT_LENGTH": str(1024 * MEBIBYTE)},
            headers={"Content-Type": "text/csv", **parking.headers},
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.status_code == 422
    assert answer.get_json()["type"].endswith("/problems/feed-record-too-long")
    assert body.left == 0
    assert peak < 16 * MEBIBYTE
