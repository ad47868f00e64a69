"""Every way in which acting for somebody, and the agreement to it, is refused."""

from __future__ import annotations

from core.errors import Problem
from core.text import Text


class NotDelegated(Problem):
    """Somebody who acts for another wants more than they were given. `reason` is a code of `delegation_rules`."""

    slug = "not-delegated"
    status = 403
    title = Text("委託範圍不包含這件事", "This is not within what you may do for them")
    explanation = Text(
        "代理人只能在委託的項目、期間、車輛與金額內辦理，也不能再轉託他人。reason 說明是哪一項不符。",
        "Whoever acts for another may do what was agreed, for as long, for the vehicle and up to the amounts agreed, "
        "and cannot pass it on. `reason` says which of these does not fit.",
    )


class ActingEnded(Problem):
    """A token for acting for somebody that is unknown or over, or that is for another delegation than the one named."""

    slug = "acting-ended"
    status = 401
    title = Text("代理已結束", "You are no longer acting for them")
    explanation = Text(
        "代理的登入隨您自己的登入、委託期間或撤回而結束。請回到自己的頁面；委託仍有效時可以重新開始代理。",
        "Acting for somebody ends with your own session, with the delegation, and when it is revoked. Go back to your "
        "own pages; while the delegation is in force you can begin again.",
    )

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Bearer realm="mykaohsiung", error="invalid_token"'})


class DelegationClosed(Problem):
    slug = "delegation-closed"
    status = 409
    title = Text("這份委託已經結束或已有決定", "This delegation is over, or decided already")
    explanation = Text(
        "它已被接受、拒絕、撤回，或已逾期。可以重新提出一份委託。",
        "It has been accepted, refused or revoked, or its time is over. A new one can be offered.",
    )


class DelegationNotInForce(Problem):
    slug = "delegation-not-in-force"
    status = 409
    title = Text("這份委託目前沒有效力", "This delegation is not in force")
    explanation = Text(
        "雙方都同意、開始日已到、尚未到期也未撤回的委託，才能用來代理。",
        "One may act by a delegation that both agreed to, that has begun, is not over and was not revoked.",
    )


class GuardianshipNotProven(Problem):
    slug = "guardianship-not-proven"
    status = 422
    title = Text("戶政資料沒有這項監護登記", "The household register shows no such guardianship")
    explanation = Text(
        "戶政資料中，您不是這個身分證字號的監護人。查無此人與不是監護人，回答相同。也可以請對方直接同意委託，或到服務櫃檯辦理。",
        "The register does not show you as the guardian of that ID number. The answer is the same for somebody "
        "unknown. They can also agree to a delegation themselves, or it can be set up at a service counter.",
    )
