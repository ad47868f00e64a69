"""The wordings of security notices: one for each kind that the sign-in tells of."""

from __future__ import annotations

from core.text import Text
from identity.notice_words import EXPLANATION, NOTICES
from notify.wording import Wording

_WEEK = 7 * 86_400
BASIS = Text(
    "依據：個人資料保護法第 18 條（公務機關應辦理安全維護事項）。",
    "Basis: Personal Data Protection Act, article 18 (a government agency keeps personal data secure).",
)
WORDINGS = {
    kind: Wording(
        kind=f"security_{kind}",
        title=words.title,
        body=words.body,
        link="/app/not-me?notice={notice}" if words.may_be_disavowed else "/app/me/security",
        explanation=EXPLANATION,
        push_ttl_seconds=_WEEK,
    )
    for kind, words in NOTICES.items()
}
