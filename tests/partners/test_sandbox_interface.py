"""The sandbox's page, and a description of its interface that is true."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import jsonschema_rs
import pytest
import urllib3
from card_desk import fill_card_desk
from exchange_partners import fill_exchanges
from fleet_city import fill_fleets
from other_rails import fill_other_rails
from own_browser import send_to_a_browser
from sandbox_process import SandboxBooks, post_form

from core.clock import on_the_wire
from partners.ach import sandbox as ach_sandbox
from partners.adyen import control as adyen_control
from partners.adyen import sandbox as adyen_sandbox
from partners.adyen import shop as adyen_shop
from partners.bank import payout_sandbox as bank_payout_sandbox
from partners.bank import sandbox as bank_sandbox
from partners.bank.client import BankClient
from partners.bank.pain001 import Transfer
from partners.bank.payouts import PayoutClient
from partners.bureaus import disability as bureaus_disability
from partners.bureaus import household as bureaus_household
from partners.bureaus import instalments as bureaus_instalments
from partners.bureaus import sandbox as bureaus_sandbox
from partners.bureaus.client import BureausClient, News
from partners.cap import sandbox as cap_sandbox
from partners.desk.misbehaviour import OPERATIONS
from partners.desk.openapi import document
from partners.ewallets import sandbox as ewallet_sandbox
from partners.familymart import sandbox as familymart_sandbox
from partners.fcm import sandbox as fcm_sandbox
from partners.fcm.client import FcmClient
from partners.fcm.messages import Push
from partners.fleets import driving as fleets_driving
from partners.fleets import sandbox as fleets_sandbox
from partners.fleets.houses import HOUSES as FLEETS
from partners.ipass import sandbox as ipass_sandbox
from partners.line import sandbox as line_sandbox
from partners.line.client import LineClient, LineConfig
from partners.line.messages import LineMessage
from partners.moica import sandbox as moica_sandbox
from partners.okmart import sandbox as okmart_sandbox
from partners.pxmart import sandbox as pxmart_sandbox
from partners.sandbox import create_app
from partners.seveneleven import sandbox as seveneleven_sandbox
from partners.sms import sandbox as sms_sandbox
from partners.sms.client import SmsClient
from partners.stores import sandbox as stores_sandbox
from partners.webpush import sandbox as webpush_sandbox
from tests.partners.transfers import payout_file

NOTHING_TO_SEE = "/books/adyen/objections"
TWQR_SLIP = (
    "TWQRP://KCG/158/03/V1?D1=60000&D4=20991231&D5=016&D6=0000901790000001&D7=68000000000017&D8=KCG&D10=901"
    "&D12=20991231235959"
)


def test_every_route_is_described_and_every_description_is_a_route(tmp_path: Path) -> None:
    app = create_app(tmp_path, "http://127.0.0.1:1", "http://127.0.0.1:1")
    routes = {
        (re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule.rule), method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if method not in ("HEAD", "OPTIONS")
    }
    described = {(path, method.upper()) for path, item in document()["paths"].items() for method in item}
    # Two routes read all books by name; the description lists each book.
    general = {("/books/{book}", "GET"), ("/books/bureaus/{bureau}/{book}", "GET")}
    assert general <= routes
    assert routes - general == {(path, method) for path, method in described if not _is_book(path, method)}


def test_every_operation_that_can_be_switched_is_served() -> None:
    for name, modules in {
        "bank": (bank_sandbox, bank_payout_sandbox),
        "bureaus": (bureaus_sandbox, bureaus_instalments, bureaus_household, bureaus_disability),
        "sms": (sms_sandbox,),
        "cap": (cap_sandbox,),
        "line_messaging": (line_sandbox,),
        "ach": (ach_sandbox,),
        "jkopay": (ewallet_sandbox,),
        "line_pay": (ewallet_sandbox,),
        "fcm": (fcm_sandbox,),
        "webpush": (webpush_sandbox,),
        "stores": (stores_sandbox,),
        "moica": (moica_sandbox,),
        "ipass": (ipass_sandbox,),
        "okmart": (okmart_sandbox,),
        "pxmart": (pxmart_sandbox,),
        "familymart": (familymart_sandbox,),
        "seveneleven": (seveneleven_sandbox,),
        "adyen": (adyen_sandbox, adyen_control, adyen_shop),
        **dict.fromkeys(FLEETS, (fleets_sandbox, fleets_driving)),
    }.items():
        source = "".join(map(inspect.getsource, modules))
        served = re.findall(r'(?:signed|checkout)\.serve\("(\w+)"', source) + re.findall(
            r'chosen\("(?:fcm|cap|webpush|stores|pxmart|moica|line_messaging)", "(\w+)"', source
        )
        # A token's notice is a notice like any other.
        served += set(re.findall(r'(?:shop|self)\.mode\("(\w+)"', source))
        served += set(re.findall(r'chosen\(house\.key, "(\w+)"', source))
        assert sorted(served) == sorted(OPERATIONS[name])


def test_what_the_books_show_is_as_described(
    books: SandboxBooks, bank: BankClient, bureaus: BureausClient, sms: SmsClient, fcm: FcmClient
) -> None:
    fill(books, bank, bureaus, sms, fcm)
    for path, item in document()["paths"].items():
        if not path.startswith("/books/") or "get" not in item:
            continue
        for bureau in ("parking", "fines") if "{bureau}" in path else ("",):
            answer = urllib3.request("GET", books.url + path.replace("{bureau}", bureau))
            schema = item["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            jsonschema_rs.validate(schema, answer.json())
            assert answer.json()["items"] or bureau == "parking" or path == NOTHING_TO_SEE, path


def test_the_switches_are_as_described(books: SandboxBooks) -> None:
    books.set_switch("bank", "debit", "slow", match={"reference": "x"})
    schema = document()["paths"]["/switches"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema_rs.validate(schema, books.asked("GET", "/switches"))


def test_the_page_shows_what_came_in(
    books: SandboxBooks, bank: BankClient, bureaus: BureausClient, sms: SmsClient, fcm: FcmClient
) -> None:
    fill(books, bank, bureaus, sms, fcm)
    books.set_switch("bank", "debit", "slow")
    for path in ("/", "/recent"):
        page = urllib3.request("GET", books.url + path)
        text = page.data.decode()
        assert page.status == 200
        for words in ("123456", "0912345678", "繳費完成", "pay_1", "debit.booked", "slow"):
            assert words in text, words


def test_what_came_in_is_shown_as_text_and_nothing_else(books: SandboxBooks, sms: SmsClient) -> None:
    sms.send(message_id="sms_1", to="+886912345678", text="<script>alert(1)</script>")
    text = urllib3.request("GET", f"{books.url}/recent").data.decode()
    assert "&lt;script&gt;" in text
    assert "<script>" not in text


def test_the_pages_buttons_switch_on_and_off(books: SandboxBooks) -> None:
    def press(**form: str) -> int:
        return post_form(f"{books.url}/switches/form", **form).status

    assert press(operation="bank.debit", mode="timeout_after", count="2", seconds="3") == 303
    (rule,) = books.asked("GET", "/switches")["rules"]
    assert (rule["operation"], rule["count"], rule["params"]) == ("debit", 2, {"seconds": 3})
    assert press(set="webhooks", on="0") == 303
    assert books.asked("GET", "/switches")["settings"]["webhooks"] is False
    assert press(remove=str(rule["id"])) == 303
    assert press(operation="sms.message", mode="quota") == 422
    assert press(operation="bank.debit", mode="slow", count="²", seconds="９") == 303
    assert press(remove="²") == 303
    assert press() == 422
    assert press(clear="1") == 303
    assert books.asked("GET", "/switches") | {"seed": 1} == {
        "rules": [],
        "settings": {"webhooks": True, "adopt_unknown": True},
        "seed": 1,
    }


def test_the_documentation_can_be_read(books: SandboxBooks) -> None:
    page = urllib3.request("GET", f"{books.url}/docs")
    assert page.status == 200
    for words in ("timeout_after", "/bank/v1/debits", "/books/sms", "x-sandbox-mode"):
        assert words in page.data.decode()
    assert urllib3.request("GET", f"{books.url}/openapi.json").json()["openapi"] == "3.1.0"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/books/bank/accounts", {"account_no": "1", "holder_name": "x"}, 422),
        ("/books/bank/accounts", {"account_no": "1", "holder_name": "x", "balance_twd": -1}, 422),
        ("/books/bureaus/tax/bills", {"number": "1", "amount_twd": 1}, 404),
        ("/books/bureaus/fines/bills", {"number": "1", "amount_twd": 1, "status": "lost"}, 422),
        ("/books/bureaus/vehicles", {"plate": "A", "vehicle": "boat", "national_id": "x"}, 422),
        ("/books/sms/numbers", {"national_id": "x", "mobile": "1"}, 422),
    ],
)
def test_what_no_book_can_hold_is_refused(books: SandboxBooks, path: str, body: dict[str, object], status: int) -> None:
    assert urllib3.request("PUT", books.url + path, json=body).status == status


def test_a_question_no_book_understands_is_refused(books: SandboxBooks) -> None:
    assert urllib3.request("GET", f"{books.url}/books/bank/debits?colour=red").status == 422
    assert urllib3.request("GET", f"{books.url}/books/nothing").status == 404
    assert urllib3.request("GET", f"{books.url}/books/bureaus/tax/bills").status == 404


def test_the_newest_rows_can_be_asked_for(books: SandboxBooks, sms: SmsClient) -> None:
    for n in range(3):
        sms.send(message_id=f"sms_{n}", to="+886912345678", text="x")
    assert [message["id"] for message in books.read("sms", limit="2")] == ["sms_1", "sms_2"]
    assert len(books.read("sms", limit="9" * 30)) == 3


def fill(books: SandboxBooks, bank: BankClient, bureaus: BureausClient, sms: SmsClient, fcm: FcmClient) -> None:
    fill_card_desk(books)
    # First, because the page shows the newest webhooks and a ride makes many.
    fill_fleets(books.url)
    asked = bank.request_mandate(
        reference="b", return_url="http://localhost/x", holder_ref="per_1", state="s", holder_hint="A123456789"
    )
    mandate = bank.exchange_code(books.approve_mandate(asked.authorize_url).split("code=")[1])
    debit = bank.debit(reference="pay_1", mandate_id=mandate.mandate_id, amount_twd=605, purpose="罰鍰")
    bank.refund(reference="ref_1", debit_reference="pay_1", amount_twd=5)
    bank.refund_to(reference="ref_2", mandate_id=mandate.mandate_id, amount_twd=5, purpose="退款")
    books.put("bank/incoming", reference="PAYOUT1", party="Adyen", amount_twd=10)
    books.put("bank/payees", bank_code="822", account_no="1234567890")
    PayoutClient(bank.peer).send(payout_file("pbt_1", Transfer("pyt_1", "店家", "822", "1234567890", 60, "點數結算")))
    books.put("household/deaths", national_id="F131104093", died_on="2026-11-01")
    bureaus.find_notice("fines", "F1", expected_amount_twd=600)
    bill = {"number": "F1", "amount": 600, "paid_at": on_the_wire(debit.booked_at)}
    news = News("n", "bill.paid", debit.booked_at, {"payment_id": "pay_1", "bills": [bill]})
    bureaus.tell("fines", news, patience_seconds=5)
    bureaus.ask_for_instalments("fines", request_id="ins_1", number="F2", amount_twd=1200, parts=2)
    fill_other_rails(books)
    sms.send(message_id="sms_1", to="+886912345678", text="驗證碼 123456")
    post_form(f"{books.url}/stores/till", channel="twqr", payload=TWQR_SLIP)
    urllib3.request("POST", f"{books.url}/stores/closing")
    fill_exchanges(books.url)
    fcm.send(Push("fid", "fid-1", "msg_1", "繳費完成", "NT$605", "/app", 60))
    line = LineClient(LineConfig(f"{books.url}/line-messaging", "sandbox-line-messaging-token"))
    line.send(LineMessage("U" + "0" * 32, "018f0000-0000-7000-8000-000000000000", "繳費完成"))
    send_to_a_browser(books)


def _is_book(path: str, method: str) -> bool:
    return method == "GET" and path.startswith("/books/")
