"""Debits at other banks and wallets, as tests make them against the sandbox at a URL."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bank_city import BankCustomer
from sandbox_process import SandboxBooks

from partners import wire
from partners.ach.client import AchClient, Authorisation
from partners.ewallets.client import WALLETS, WalletClient, WalletPayment
from wallet import ports
from wallet.rails.ach import AchRail
from wallet.rails.ewallet import EwalletRail

RETURN = "http://localhost:8080/app/bank-return"
MEI, CHIH_MING = "A123456789", "E179864328"
MEIS_ACCOUNT, CHIH_MINGS_ACCOUNT = "00280000001234", "00280000002345"


def ach_client(url: str, *, read_timeout_seconds: float = 1.0) -> AchClient:
    """The clearing house's client; it waits a second for an answer, no more."""
    return AchClient(wire.Peer("ach", f"{url}/ach", "sandbox-ach-secret", read_timeout_seconds=read_timeout_seconds))


def wallet_client(url: str, wallet: str = "jkopay") -> WalletClient:
    """A wallet's client; it waits a second for an answer, no more."""
    secret = f"sandbox-{wallet.replace('_', '-')}-secret"
    return WalletClient(wire.Peer(wallet, f"{url}/ewallets/{wallet}", secret, read_timeout_seconds=1.0))


def authorise(
    ach: AchClient,
    books: SandboxBooks,
    *,
    bank: str = "812",
    account_no: str = MEIS_ACCOUNT,
    holder_id: str = MEI,
    **form: str,
) -> Authorisation:
    """An authorisation as a citizen grants it on their bank's page; `form` may hold per_payment_limit, daily_limit."""
    reference = f"blk_{uuid.uuid4().hex}"
    asked = ach.request_authorisation(
        reference=reference,
        bank=bank,
        account_no=account_no,
        holder_id=holder_id,
        holder_ref=f"per_{holder_id}",
        return_url=RETURN,
        state=f"{reference}.secret",
    )
    return ach.exchange_code(books.decide(asked.authorize_url, decision="approve", **form).split("code=")[1])


def agree(books: SandboxBooks, payment: WalletPayment, decision: str = "pay") -> str:
    """What the payer decides on the wallet's page; answers the address the browser is sent back to."""
    return books.decide(payment.payment_url, decision=decision)


def fill_other_rails(books: SandboxBooks) -> None:
    """Puts something into every book of the clearing house and of the wallets."""
    ach = ach_client(books.url)
    authorisation = authorise(ach, books)
    ach.debit(reference="pay_a1", authorisation_id=authorisation.authorisation_id, amount_twd=605, purpose="罰鍰")
    books.asked("POST", "/books/ach/day-close", {"days": 2})
    books.asked("POST", "/books/ach/closed-days", {"reason": "颱風"})
    wallet = wallet_client(books.url)
    payment = wallet.reserve(reference="pay_w1", amount_twd=600, order_name="停車費", return_url=RETURN)
    transaction_id = agree(books, payment).split("transaction_id=")[1]
    wallet.confirm(reference="pay_w1", transaction_id=transaction_id, amount_twd=600)
    wallet.refund(reference="ref_w1", payment_reference="pay_w1", amount_twd=100)
    books.asked("POST", "/books/ewallets/jkopay/day-close")


def put_other_rails_behind(books: SandboxBooks) -> Callable[[], None]:
    """From now on this process's clearing house and wallets are this sandbox's; answers how to go back."""
    before = ports.ports()
    ach = ach_client(books.url, read_timeout_seconds=2.0)
    wallets = {name: EwalletRail(name, wallet_client(books.url, name)) for name in WALLETS}
    ports.plug_in(replace(before, ach=ach, rails={**before.rails, "ach": AchRail(ach), **wallets}))
    return lambda: ports.plug_in(before)


def link_other_bank(
    customer: BankCustomer, *, balance_twd: int = 100_000, account_no: str = "", **form: str
) -> dict[str, Any]:
    """An account of this person at another bank with so much in it, linked on that bank's page."""
    account_no = account_no or f"{uuid.uuid4().int % 10**12:012d}"
    customer.books.put(
        "ach/accounts", bank="812", account_no=account_no, national_id=customer.identity_no, balance_twd=balance_twd
    )
    begun = customer.got("POST", "/v1/bank-links", {"bank": "812", "account_no": account_no})
    back = customer.books.decide(begun["authorize_url"], decision="approve", **form)
    return completed(customer, begun, back)


def completed(customer: BankCustomer, begun: dict[str, Any], back: str) -> dict[str, Any]:
    """Back from the bank's page with what the browser brought."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    body = {"state": query["state"], **{name: query[name] for name in ("code", "error") if name in query}}
    return customer.got("POST", f"/v1/bank-links/{begun['id']}/completion", body)  # type: ignore[no-any-return]


def pay_by(customer: BankCustomer, bill_ids: Sequence[str], **how: str) -> dict[str, Any]:
    """Begin a payment by a rail or an account, and confirm it with the passkey."""
    begun = customer.got("POST", "/v1/payments", {"bill_ids": list(bill_ids), **how}, Idempotency_Key=_key())
    credential = {"credential": customer.device.get(begun["authorization"]["options"])}
    path = f"/v1/payments/{begun['id']}/authorization"
    return customer.got("POST", path, credential, Idempotency_Key=_key())  # type: ignore[no-any-return]


def _key() -> str:
    return str(uuid.uuid4())
