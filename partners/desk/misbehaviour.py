"""How partners can be told to misbehave: the modes, in words, and which operations each is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ModeFacts:
    """What a mode does, in words, and which numbers it takes with which defaults."""

    zh: str
    en: str
    params: Mapping[str, float] = field(default_factory=dict)
    only: frozenset[tuple[str, str]] = frozenset()


_PROVIDERS = ("line", "google", "apple", "mobile_id")
_PROVIDER_OPERATIONS = ("discovery", "authorize", "token", "userinfo", "jwks")
_FLEETS = ("yellow", "harbour", "mountain", "telephone")
_FLEET_OPERATIONS = ("ask", "hold", "bind", "customer", "cancel", "amend", "status", "telling")
_WALLET_OPERATIONS = (
    "reservation",
    "payment_lookup",
    "confirmation",
    "refund",
    "refund_lookup",
    "settlement_files",
    "settlement_file",
)

# Every operation that can be told to misbehave. A test holds this table to what the sandboxes really serve.
OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "bank": (
        "mandate_request",
        "mandate",
        "mandate_lookup",
        "mandate_revocation",
        "debit",
        "debit_lookup",
        "refund",
        "refund_lookup",
        "credit_order",
        "credit_order_lookup",
        "statement",
        "payout_file",
        "payout_report",
        "payout_statement",
    ),
    "bureaus": (
        "notice",
        "payment_notice",
        "ownership",
        "instalment_request",
        "instalment_decision",
        "guardianship",
        "standing",
        "ride_standing",
    ),
    "sms": ("message", "number_verification"),
    "cap": ("feed", "document"),
    "sms_reserve": ("message",),
    "line_messaging": ("push",),
    "ach": (
        "authorisation_request",
        "authorisation",
        "authorisation_lookup",
        "authorisation_end",
        "debit",
        "debit_lookup",
        "credit",
        "credit_lookup",
        "return_files",
        "return_file",
        "closed_days",
    ),
    "jkopay": _WALLET_OPERATIONS,
    "line_pay": _WALLET_OPERATIONS,
    "fcm": ("token", "send"),
    "webpush": ("push",),
    "adyen": (
        "session",
        "session_result",
        "payment",
        "payment_details",
        "capture",
        "refund",
        "cancel",
        "technical_cancel",
        "stored_cards",
        "stored_card_deletion",
        "report",
        "notice",
    ),
    "stores": ("closing", "file_list", "file"),
    "ipass": ("reservation", "confirmation", "cancellation", "order_lookup", "statement"),
    "okmart": ("credit", "void", "order_lookup", "statement"),
    "pxmart": ("inbox", "night", "result_file", "statement"),
    "familymart": ("transfer", "completion", "cancellation", "order_lookup", "statement"),
    "seveneleven": ("order", "cancellation", "order_lookup", "statement"),
    **dict.fromkeys(_FLEETS, _FLEET_OPERATIONS),
    **dict.fromkeys(_PROVIDERS, _PROVIDER_OPERATIONS),
    "moica": ("match", "crl", "reader_sign"),
}

_HOLD = {"seconds": 30.0}
_EXCHANGES = ("ipass", "okmart", "pxmart", "familymart", "seveneleven")
_SIGNERS = ("bank", "bureaus", "sms", "sms_reserve", "ach", "jkopay", "line_pay", *_EXCHANGES, *_FLEETS)
_SIGNED = frozenset(
    (name, each) for name in _SIGNERS for each in OPERATIONS[name] if each not in ("night", "telling")
) | {
    ("stores", "file_list"),
    ("stores", "file"),
    ("moica", "match"),
}
_BANK_ACTS = frozenset(("bank", each) for each in ("debit", "refund", "credit_order", "mandate_revocation"))
_DEBIT = frozenset({("bank", "debit")})
_ACH_DEBIT = frozenset({("ach", "debit")})
_WALLETS = ("jkopay", "line_pay")
_RESERVATION = frozenset((wallet, "reservation") for wallet in _WALLETS)
_CONFIRMATION = frozenset((wallet, "confirmation") for wallet in _WALLETS)
_SETTLEMENT = frozenset((wallet, "settlement_file") for wallet in _WALLETS)
_FILES = _SETTLEMENT | {("ach", "return_file")}
_BANK_ORDERS = frozenset(("bank", each) for each in ("debit", "refund", "credit_order"))
_PAYOUT_FILE = frozenset({("bank", "payout_file")})
_STATEMENT = frozenset({("bank", "statement"), ("bank", "payout_statement")})
_NTH = {"nth": 1.0}
_ID_TOKEN = frozenset((provider, "token") for provider in _PROVIDERS)
_USERINFO = frozenset((provider, "userinfo") for provider in _PROVIDERS)
_MOBILE_ID = frozenset({("mobile_id", "token")})
_SEND = frozenset({("fcm", "send")})
_ANY_PUSH = _SEND | {("webpush", "push")}
_CARD_PAYMENT = frozenset({("adyen", "payment"), ("adyen", "payment_details")})
_CARD_CAPTURE = _CARD_PAYMENT | {("adyen", "capture")}
_CARD_REFUND = frozenset({("adyen", "refund")})
_CARD_NOTICE = frozenset({("adyen", "notice")})
_FLEETS_TELL = frozenset((fleet, "telling") for fleet in _FLEETS)
_FLEETS_HOLD = frozenset((fleet, "hold") for fleet in _FLEETS)
_FLEETS_BIND = frozenset((fleet, "bind") for fleet in _FLEETS)
_FLEETS_CHOOSE = _FLEETS_HOLD | _FLEETS_BIND | {(fleet, "ask") for fleet in _FLEETS}
_FLEETS_ANSWER = frozenset((fleet, each) for fleet in _FLEETS for each in _FLEET_OPERATIONS if each != "telling")
_TELLING = _BANK_ACTS | _CARD_NOTICE | _FLEETS_TELL | {("seveneleven", "order")}
_CLOSING = frozenset({("stores", "closing")})
_FILE = frozenset({("stores", "file")})
_READER = frozenset({("moica", "reader_sign")})
_CRL = frozenset({("moica", "crl")})
_TAKEN_ON = frozenset(
    {("ipass", "reservation"), ("okmart", "credit"), ("familymart", "transfer"), ("seveneleven", "order")}
)
_CONFIRMED = frozenset({("ipass", "confirmation"), ("familymart", "completion")})
_ORDERS = _TAKEN_ON | {("pxmart", "night")}
_EXCHANGED = frozenset((name, "statement") for name in _EXCHANGES)
_NIGHTS_RESULT = frozenset({("pxmart", "result_file")})
_RIDE_STANDING = frozenset({("bureaus", "ride_standing")})

MODES: Mapping[str, ModeFacts] = {
    "slow": ModeFacts("慢", "answers after `seconds`", {"seconds": 2.0}),
    "error_500": ModeFacts("錯誤 500，未處理", "does nothing and answers 500"),
    "error_500_after": ModeFacts("已處理，卻回 500", "acts, then answers 500"),
    "timeout_before": ModeFacts("不處理、不回應", "does nothing and never answers: after `seconds` it hangs up", _HOLD),
    "timeout_after": ModeFacts("已處理、不回應", "acts and never answers: after `seconds` it hangs up", _HOLD),
    "bad_signature": ModeFacts("已處理，簽章錯誤", "acts, and signs its answer with a wrong key", {}, _SIGNED),
    "maintenance": ModeFacts("暫停服務", "does nothing and answers 503 with Retry-After `seconds`", {"seconds": 30.0}),
    "duplicate_webhook": ModeFacts("通知重複", "sends the webhook `n` times", {"n": 2}, _TELLING),
    "reorder_webhook": ModeFacts(
        "通知晚到", "holds the webhook for `delay` seconds, later ones overtake", {"delay": 3.0}, _TELLING
    ),
    "drop_webhook": ModeFacts("通知遺失", "never sends the webhook", {}, _TELLING),
    "insufficient_funds": ModeFacts("餘額不足", "rejects the debit: insufficient_funds", {}, _DEBIT | _RESERVATION),
    "mandate_revoked": ModeFacts("授權已撤銷", "rejects the debit: mandate_revoked", {}, _DEBIT),
    "account_closed": ModeFacts("帳戶已結清", "rejects the order: account_closed", {}, _BANK_ORDERS | _PAYOUT_FILE),
    "file_refused": ModeFacts("整批退回", "refuses the whole file: FF01", {}, _PAYOUT_FILE),
    "duplicate_entry": ModeFacts("對帳單重複一筆", "states entry `nth` twice", _NTH, _STATEMENT),
    "missing_entry": ModeFacts("對帳單缺一筆", "leaves entry `nth` out of the statement", _NTH, _STATEMENT),
    "extra_entry": ModeFacts(
        "對帳單多一筆", "adds a credit of `amount` from nobody known", {"amount": 777}, _STATEMENT
    ),
    "one_dollar_off": ModeFacts("金額差一元", "states entry `nth` with NT$1 more", _NTH, _STATEMENT),
    "wrong_date": ModeFacts("日期差一天", "dates entry `nth` a day earlier", _NTH, _STATEMENT),
    "batched_entries": ModeFacts("合併入帳", "books up to `size` debits as one entry", {"size": 100}, _STATEMENT),
    "wrong_totals": ModeFacts(
        "合計不符",
        "states a balance or totals that the entries do not lead to",
        {},
        _STATEMENT | _FILES | _EXCHANGED | _NIGHTS_RESULT,
    ),
    "missing_file": ModeFacts(
        "檔案未到", "has no file of this day yet; does not list the first one", {}, _FILES | {("ach", "return_files")}
    ),
    "duplicate_file": ModeFacts("檔案重複", "sends the file of the day before again", {}, _FILES | _NIGHTS_RESULT),
    "returned": ModeFacts("扣款遭退", "returns the debit in its window with reason `code`", {"code": 1}, _ACH_DEBIT),
    "returned_late": ModeFacts(
        "扣款逾期遭退", "pays, and returns it `days` business days after its window", {"code": 1, "days": 2}, _ACH_DEBIT
    ),
    "answers_tomorrow": ModeFacts(
        "隔日回覆授權",
        "the payer's bank answers the authorisation on its next business day",
        {},
        frozenset({("ach", "authorisation_request")}),
    ),
    "expires_soon": ModeFacts(
        "預約很快失效", "reserves for `seconds` only", {"seconds": 1.0}, _RESERVATION | _FLEETS_HOLD
    ),
    "books_more": ModeFacts("多扣款", "books NT$`twd` more than was agreed", {"twd": 100}, _CONFIRMATION | _ORDERS),
    "answers_more": ModeFacts(
        "回覆金額不符", "does as agreed, and answers NT$`twd` more", {"twd": 100}, _TAKEN_ON | _CONFIRMED
    ),
    "stale_answer": ModeFacts(
        "重複回覆前一筆", "acts, and gives the answer of the order before", {}, _TAKEN_ON | _CONFIRMED
    ),
    "declines": ModeFacts("拒絕兌換", "refuses the order", {}, _ORDERS),
    "lapses": ModeFacts("預留已失效", "has let the reservation go", {}, _CONFIRMED | _FLEETS_BIND),
    "acts_late": ModeFacts(
        "事後才處理", "hangs up, and acts `seconds` later", {"seconds": 1.0}, _TAKEN_ON | _CONFIRMED
    ),
    "refuses": ModeFacts("沒有車輛", "has no vehicle for it", {}, _FLEETS_CHOOSE),
    "double_confirms": ModeFacts("重複確認", "binds the ride twice, and tells of the second", {}, _FLEETS_BIND),
    "changes_mind": ModeFacts(
        "確認後反悔", "binds the ride, and cancels it `seconds` later", {"seconds": 1.0}, _FLEETS_BIND
    ),
    "cancels_late": ModeFacts(
        "臨時取消", "binds the ride, and cancels it `minutes` before its time", {"minutes": 20.0}, _FLEETS_BIND
    ),
    "runs_late": ModeFacts("遲到", "binds the ride, and comes `minutes` late", {"minutes": 15.0}, _FLEETS_BIND),
    "answers_late": ModeFacts(
        "逾時才回覆", "acts, and answers `seconds` after the answer was wanted", {"seconds": 0.5}, _FLEETS_ANSWER
    ),
    "unknown_line": ModeFacts("檔案多一筆", "adds an order that nobody made", {}, _EXCHANGED),
    "duplicate_statement": ModeFacts(
        "對帳單重複", "sends the statement as a second message, marked a duplicate", {}, _STATEMENT
    ),
    "truncated_xml": ModeFacts(
        "對帳單不完整", "ends the document after `share` of its bytes", {"share": 0.6}, _STATEMENT
    ),
    "late": ModeFacts("通知遲到多日", "says that it happened `days` ago", {"days": 30.0}, _CARD_NOTICE),
    "bad_hmac": ModeFacts("通知簽章錯誤", "signs the notice with a wrong key", {}, _CARD_NOTICE),
    "wrong_currency": ModeFacts("幣別不符", "says euros instead of TWD", {}, _CARD_NOTICE),
    "hundredth": ModeFacts("金額差百倍", "says a hundredth of the amount", {}, _CARD_NOTICE | {("adyen", "payment")}),
    "refuse_card": ModeFacts("發卡行拒絕", "refuses the card", {}, _CARD_PAYMENT),
    "challenge": ModeFacts("要求 3-D 驗證", "sends the payer to the card's bank first", {}, _CARD_PAYMENT),
    "capture_failed": ModeFacts("請款失敗", "authorises, and fails to capture a second later", {}, _CARD_CAPTURE),
    "refund_failed": ModeFacts("退款失敗", "accepts the refund, and fails it a second later", {}, _CARD_REFUND),
    "refund_reversed": ModeFacts("退款遭退回", "refunds, and has it bounce a second later", {}, _CARD_REFUND),
    "unregistered": ModeFacts("裝置已移除", "answers that the device is gone (404 UNREGISTERED, 410)", {}, _ANY_PUSH),
    "quota": ModeFacts("超過用量", "answers 429 with Retry-After `seconds`", {"seconds": 60.0}, _ANY_PUSH),
    "monthly_limit": ModeFacts(
        "本月額度用完", "answers 429: the month's messages are used up", {}, frozenset({("line_messaging", "push")})
    ),
    "permission_denied": ModeFacts("憑證沒有權限", "answers 403 PERMISSION_DENIED", {}, _SEND),
    "unauthenticated": ModeFacts("憑證無效", "answers 401 UNAUTHENTICATED", {}, _SEND),
    "apns_key": ModeFacts("APNs 金鑰無效", "answers 401 THIRD_PARTY_AUTH_ERROR", {}, _SEND),
    "sender_mismatch": ModeFacts("寄件者不符", "answers 403 SENDER_ID_MISMATCH", {}, _SEND),
    "invalid_argument": ModeFacts("內容不合", "answers 400 INVALID_ARGUMENT", {}, _SEND),
    "duplicate_line": ModeFacts(
        "檔案明細重複",
        "puts the first payment into the file twice",
        {},
        _CLOSING | _SETTLEMENT | _EXCHANGED | _NIGHTS_RESULT,
    ),
    "missing_line": ModeFacts(
        "檔案明細遺漏",
        "leaves the first payment out of the file",
        {},
        _CLOSING | _SETTLEMENT | _EXCHANGED | _NIGHTS_RESULT,
    ),
    "dollar_off": ModeFacts("金額差一元", "reports the first payment with a dollar more", {}, _CLOSING | _EXCHANGED),
    "late_file": ModeFacts("檔案晚到", "puts the file out `days` late", {"days": 1.0}, _CLOSING),
    "file_twice": ModeFacts("檔案送兩次", "puts the same file out again under another name", {}, _CLOSING),
    "truncated_file": ModeFacts(
        "檔案中斷", "sends two thirds of the file", {}, _FILE | _FILES | _EXCHANGED | _NIGHTS_RESULT
    ),
    "wrong_encoding": ModeFacts(
        "編碼錯誤", "sends the file in another encoding", {}, _FILE | _FILES | _EXCHANGED | _NIGHTS_RESULT
    ),
    "expired_certificate": ModeFacts("憑證已過期", "signs with a certificate that has expired", {}, _READER),
    "not_yet_valid_certificate": ModeFacts("憑證尚未生效", "signs with a certificate of years ahead", {}, _READER),
    "revoked_certificate": ModeFacts("憑證已廢止", "revokes the card, and signs with it", {}, _READER),
    "other_root": ModeFacts("其他根憑證", "signs with a certificate of another root of the same name", {}, _READER),
    "broken_chain": ModeFacts("憑證串鏈中斷", "leaves the issuing authority's certificate out", {}, _READER),
    "wrong_policy": ModeFacts("憑證政策不符", "signs with a certificate of the test policy", {}, _READER),
    "encryption_certificate": ModeFacts("用了加密憑證", "signs with the key that is for encryption", {}, _READER),
    "sha1_signature": ModeFacts("SHA-1 簽章", "signs over SHA-1", {}, _READER),
    "stale_crl": ModeFacts("廢止清冊過期", "sends a revocation list whose time is over", {}, _CRL),
    "crl_wrong_signer": ModeFacts("廢止清冊簽章錯誤", "sends a revocation list signed by another key", {}, _CRL),
    "huge_crl": ModeFacts("廢止清冊過大", "sends a revocation list with 40 MiB after it", {}, _CRL),
    "forgets_certificate": ModeFacts("查無證明", "says that there is no certificate", {}, _RIDE_STANDING),
    "unknown_severity": ModeFacts("等級不明", "names a severity that there is none", {}, _RIDE_STANDING),
    "wrong_nonce": ModeFacts("nonce 不符", "puts another nonce into the ID token", {}, _ID_TOKEN),
    "wrong_iss": ModeFacts(
        "發行者不符",
        "says that another issuer made the ID token, or answers the browser",
        {},
        _ID_TOKEN | {("google", "authorize"), ("mobile_id", "authorize")},
    ),
    "wrong_aud": ModeFacts("對象不符", "makes the ID token for another client", {}, _ID_TOKEN),
    "expired_token": ModeFacts("權杖已過期", "sends an ID token of an hour ago", {}, _ID_TOKEN),
    "wrong_at_hash": ModeFacts("at_hash 不符", "names another access token in the ID token", {}, _ID_TOKEN),
    "alg_none": ModeFacts("沒有簽章", "sends an ID token with alg none", {}, _ID_TOKEN),
    "hs256_public_key": ModeFacts(
        "以公鑰當密鑰簽章", "signs the ID token with HS256 and its public key as the secret", {}, _ID_TOKEN
    ),
    "new_key": ModeFacts("換新金鑰", "signs with a key made now, and publishes it", {}, _ID_TOKEN),
    "withheld_key": ModeFacts("金鑰未公布", "signs with a key made now that it does not publish", {}, _ID_TOKEN),
    "es256": ModeFacts("改用 ES256", "signs as for its app, with ES256", {}, frozenset({("line", "token")})),
    "other_sub": ModeFacts("別人的資料", "answers with somebody else's data", {}, _USERINFO),
    "low_acr": ModeFacts("驗證等級太低", "says that the person was authenticated weakly", {}, _MOBILE_ID),
    "old_authentication": ModeFacts("很久以前驗證", "says that they authenticated two hours ago", {}, _MOBILE_ID),
}
