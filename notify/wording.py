"""What a kind of message is made of, and on which ground of the law notices about transactions are sent."""

from __future__ import annotations

from dataclasses import dataclass

from core.text import Text


@dataclass(frozen=True, slots=True)
class Wording:
    """One kind of message: title and body with `{fields}`, where a tap leads, why it is sent, and for how long a push
    of it is worth delivering (None: it lies in the inbox and is not pushed)."""

    kind: str
    title: Text
    body: Text
    link: str
    explanation: Text
    push_ttl_seconds: int | None


BASIS_TRANSACTION = Text(
    "依據：個人資料保護法第 16 條（於執行法定職務必要範圍內，與蒐集之特定目的相符之利用）。"
    "這是交易通知，不是廣告，因此不需要另外訂閱。",
    "Basis: Personal Data Protection Act, article 16 (use within the necessary scope of statutory duties and for the "
    "purpose of collection). This is a notice about a transaction, not advertising, so it needs no subscription.",
)
