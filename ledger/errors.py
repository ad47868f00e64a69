"""How the book says no. After a refusal PostgreSQL has given up the transaction: to go on, wrap the call in
`session.begin_nested()`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg
from sqlalchemy.exc import DBAPIError

from core.errors import Conflict, NotFound, Problem
from core.text import Text
from ledger import known_accounts


class NotEnough(Conflict):
    """An account that may not go below zero would have. `account_id` says which."""

    slug = "not-enough-balance"
    title = Text("餘額不足", "Not enough balance")
    explanation = Text(
        "扣除已保留的數額後，這個帳戶可用的餘額不夠。",
        "Less what is on hold, the account does not have that much to spend.",
    )

    def __init__(self, account_id: UUID) -> None:
        super().__init__()
        self.account_id = account_id


class AccountNotOpen(NotFound):
    """One of the two accounts is not open, or holds another asset."""

    slug = "account-not-open"
    title = Text("帳戶不存在或資產不同", "No such account of that asset")
    explanation = Text(
        "轉帳的雙方必須是已開立、且同一種資產的帳戶。", "Both sides of a transfer must be open accounts of its asset."
    )


class AccountDiffers(Conflict):
    """The code is in use by an account with other properties. `field` names the first that differs."""

    slug = "account-differs"
    title = Text("帳戶已存在但設定不同", "The account is open with other properties")
    explanation = Text("帳戶開立後不可更改。", "An account never changes once it is open.")

    def __init__(self, field: str) -> None:
        super().__init__(field=field)
        self.field = field


class TransferDiffers(Conflict):
    """The id is in the book already and means something else. `field` names the first difference."""

    slug = "transfer-differs"
    title = Text("這個轉帳編號已用於不同的內容", "The id belongs to a different transfer")
    explanation = Text(
        "同一個編號重送只能是同一筆轉帳;field 指出不同的欄位。",
        "An id sent again must mean the same transfer; `field` names what differs.",
    )

    def __init__(self, transfer_id: UUID, field: str) -> None:
        super().__init__(field=field)
        self.transfer_id = transfer_id
        self.field = field


class HoldUnknown(NotFound):
    """What is to be settled or released is no hold in the book."""

    slug = "hold-unknown"
    title = Text("找不到這筆保留", "No such hold")
    explanation = Text("要入帳或取消的保留不存在。", "There is no such hold to settle or to release.")


class HoldResolved(Conflict):
    """The hold has been settled, released or has expired: it is resolved at most once."""

    slug = "hold-resolved"
    title = Text("這筆保留已處理", "The hold is resolved")
    explanation = Text(
        "保留只能入帳或取消一次，已處理的不能再處理。", "A hold is settled or released once, and this one has been."
    )


class DoesNotFit(Problem):
    """More would be settled than is held, or a transfer answers another one without matching it."""

    slug = "transfer-does-not-fit"
    status = 422
    title = Text("與原轉帳不符", "It does not fit the earlier transfer")
    explanation = Text(
        "入帳不可超過保留的數額；沖正必須與原轉帳同額、方向相反。",
        "No more is settled than is held; a reversal has the same amount the other way round.",
    )


class NotReversible(Problem):
    """What is to be reversed is not in the book, or moved nothing (a hold, a release)."""

    slug = "transfer-not-reversible"
    status = 422
    title = Text("無法沖正", "Nothing to reverse")
    explanation = Text("只有已入帳的轉帳可以沖正。", "Only a transfer that moved something can be reversed.")


class AlreadyReversed(Conflict):
    """The transfer has been reversed: that happens at most once."""

    slug = "transfer-already-reversed"
    title = Text("這筆轉帳已沖正", "The transfer has been reversed")
    explanation = Text("一筆轉帳只能沖正一次。", "A transfer is reversed at most once.")


class CheckpointsOutOfReach(Problem):
    """The checkpoints were made by another database cluster (docs/ledger.md, "Restoring")."""

    slug = "checkpoints-out-of-reach"
    status = 500
    title = Text("帳冊檢查點與資料庫不符", "The book's checkpoints do not belong to this database")
    explanation = Text(
        "資料庫還原後需依說明處理，處理前不讀取共用帳戶的餘額。",
        "After a restore a step is missing; until it is taken, balances of shared accounts are not read.",
    )


@contextmanager
def typed_refusals() -> Iterator[None]:
    """Inside, the database's refusals (migration 0002) are raised as the errors of this file."""
    try:
        yield
    except DBAPIError as error:
        refusal = _refusal(error)
        if refusal is None:
            raise
        raise refusal from error


def _refusal(error: DBAPIError) -> Problem | None:
    if not isinstance(error.orig, psycopg.Error):
        return None
    detail = error.orig.diag.message_detail or ""
    match error.orig.sqlstate, error.orig.diag.constraint_name:
        case "LG002", _:
            known_accounts.forget()
            return AccountNotOpen()
        case "LG003", _:
            return HoldUnknown()
        case "LG004", _:
            return DoesNotFit()
        case "LG005", _:
            return NotReversible()
        case "LG006", _:
            taken = json.loads(detail)
            return TransferDiffers(UUID(taken["transfer"]), taken["field"])
        case "LG007", _:
            return CheckpointsOutOfReach()
        case "LG008", _:
            return AccountDiffers(detail)
        case _, "transfer_resolved_once":
            return HoldResolved()
        case _, "transfer_reversed_once":
            return AlreadyReversed()
        case _, "balance_never_negative":
            # "Failing row contains (<account_id>, …)": the refused row is all that PostgreSQL tells about it.
            return NotEnough(UUID(detail.partition("(")[2].partition(",")[0]))
    return None
