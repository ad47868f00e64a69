"""Typed refusals: every way to say no carries its own HTTP status, problem type and words (RFC 9457)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from core.text import Text


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one member of the input: `pointer` is a JSON pointer (RFC 6901) or a parameter's name.

    A `detail` that people read is a Text; a plain sentence is put into words by the front door, where it knows it.
    """

    pointer: str
    detail: str | Text

    def in_language(self, language: str) -> str:
        """What is wrong, in that language where the room has said it in both."""
        return self.detail.in_language(language) if isinstance(self.detail, Text) else self.detail


class Problem(Exception):
    """The base of every refusal that a caller may see.

    `slug` names the problem type (`/problems/<slug>`), `status` is the HTTP status, `title` and `explanation` are for
    people. `keeps` means that what the use case wrote before refusing is committed all the same, such as the count of
    wrong codes.
    """

    slug: ClassVar[str]
    status: ClassVar[int]
    title: ClassVar[Text]
    explanation: ClassVar[Text]
    keeps: ClassVar[bool] = False

    def __init__(
        self,
        detail: Text | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **extensions: Any,
    ) -> None:
        super().__init__((detail or self.title).en)
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.extensions = extensions


def all_problems() -> Iterator[type[Problem]]:
    """Every problem type that some room declares, for the catalogue at `/problems/`."""
    waiting: list[type[Problem]] = [Problem]
    while waiting:
        for child in waiting.pop().__subclasses__():
            waiting.append(child)
            if "slug" in child.__dict__:
                yield child


class InvalidRequest(Problem):
    slug = "invalid-request"
    status = 422
    title = Text("資料格式不正確", "The request is not well formed")
    explanation = Text(
        "送出的內容有欄位缺少、多出或格式不對。errors 逐一列出是哪一欄。",
        "A member is missing, unknown or of the wrong form. `errors` lists each of them.",
    )


class MalformedBody(Problem):
    slug = "malformed-body"
    status = 400
    title = Text("無法讀取送出的內容", "The body cannot be read")
    explanation = Text(
        "內容必須是 UTF-8 的 JSON 物件，並以 application/json 送出。",
        "The body must be a JSON object in UTF-8, sent as application/json.",
    )


class UnsupportedMediaType(Problem):
    slug = "unsupported-media-type"
    status = 415
    title = Text("不接受這種格式", "This media type is not accepted")
    explanation = Text("請以說明文件所列的 Content-Type 送出。", "Send the Content-Type that the documentation names.")


class BodyTooLarge(Problem):
    slug = "body-too-large"
    status = 413
    title = Text("送出的內容太大", "The body is too large")
    explanation = Text("這個網址不接受這麼大的內容。", "This address does not take a body of that size.")


class NotFound(Problem):
    slug = "not-found"
    status = 404
    title = Text("找不到", "Not found")
    explanation = Text(
        "沒有這個資料，或它不屬於您。兩種情況的回答相同，以保護每個人的隱私。",
        "There is no such thing, or it is not yours. Both answers are the same, to protect everyone's privacy.",
    )


class MethodNotAllowed(Problem):
    slug = "method-not-allowed"
    status = 405
    title = Text("這個網址不接受這個動作", "This address does not take that method")
    explanation = Text("Allow 標頭列出可用的動作。", "The Allow header lists the methods that it takes.")


class Unauthenticated(Problem):
    slug = "unauthenticated"
    status = 401
    title = Text("請先登入", "Please sign in")
    explanation = Text("沒有登入、登入已過期或已被結束。", "There is no session, or it has expired or has been ended.")

    def __init__(self, detail: Text | None = None, **extensions: Any) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="mykaohsiung"'}, **extensions)


class InsufficientAuthentication(Problem):
    """The session is real but of too low an assurance level, or too old (RFC 9470 §3)."""

    slug = "insufficient-user-authentication"
    status = 401
    title = Text("請用更安全的方式確認是您本人", "Please confirm that it is you in a stronger way")
    explanation = Text(
        "這個動作需要更高的身分確認等級，例如用手機的指紋或臉部解鎖（通行金鑰）登入。",
        "This needs a higher assurance level, such as signing in with the phone's own biometrics (a passkey).",
    )

    def __init__(self, *, loa: int, max_age_seconds: int | None = None, is_phishing_resistant: bool = False) -> None:
        acr = f"urn:mykaohsiung:loa:{loa}"
        challenge = f'Bearer error="insufficient_user_authentication", acr_values="{acr}"'
        if max_age_seconds is not None:
            challenge += f', max_age="{max_age_seconds}"'
        # What a forged page can take from somebody does not do: our own member, as RFC 9470 has none for it.
        more: dict[str, Any] = {"phishing_resistant": True} if is_phishing_resistant else {}
        super().__init__(headers={"WWW-Authenticate": challenge}, acr_values=acr, **more)


class Forbidden(Problem):
    slug = "forbidden"
    status = 403
    title = Text("沒有權限", "Not allowed")
    explanation = Text("這個身分不能做這個動作。", "This caller may not do this.")


class CrossSiteRequest(Problem):
    slug = "cross-site-request"
    status = 403
    title = Text("請求不是從本站送出", "The request did not come from this site")
    explanation = Text(
        "以 Cookie 登入時，會改變資料的請求必須帶有本站的 Origin。",
        "With a session cookie, a request that changes something must carry this site's Origin.",
    )


class Conflict(Problem):
    slug = "conflict"
    status = 409
    title = Text("與目前狀態衝突", "In conflict with the present state")
    explanation = Text("資料已被改變，請重新讀取。", "It has changed meanwhile; please read it again.")


class PreconditionRequired(Problem):
    slug = "precondition-required"
    status = 428
    title = Text("請帶上 If-Match", "If-Match is required")
    explanation = Text(
        "修改前先讀取，並把讀到的 ETag 放進 If-Match 標頭，才不會蓋掉別處剛做的修改（RFC 6585）。",
        "Read it first and send its ETag in If-Match, so that a change made elsewhere is not overwritten (RFC 6585).",
    )


class PreconditionFailed(Problem):
    slug = "precondition-failed"
    status = 412
    title = Text("資料在您讀取後已被修改", "It has changed since you read it")
    explanation = Text(
        "If-Match 的 ETag 已經不是目前的版本。請重新讀取，再決定要不要修改。",
        "The ETag in If-Match is no longer the present one. Read it again, then decide what to change.",
    )


class IdempotencyKeyMissing(Problem):
    slug = "idempotency-key-missing"
    status = 400
    title = Text("缺少 Idempotency-Key", "Idempotency-Key is missing")
    explanation = Text(
        "會移動金錢、點數或車趟的請求必須帶 Idempotency-Key 標頭（1 到 255 個可見 ASCII 字元），重送才不會重複。",
        "A request that moves money, points or a ride must carry an Idempotency-Key header (1 to 255 visible ASCII "
        "characters), so that sending it again does nothing twice.",
    )


class IdempotencyKeyReused(Problem):
    slug = "idempotency-key-reused"
    status = 422
    title = Text("這個 Idempotency-Key 已用於不同的內容", "This Idempotency-Key was used with another body")
    explanation = Text("同一把鑰匙只能重送同一份內容。", "One key repeats one and the same request.")


class IdempotencyInProgress(Problem):
    slug = "idempotency-in-progress"
    status = 409
    title = Text("同一個請求還在處理", "The same request is still being worked on")
    explanation = Text("請稍候再以同一把鑰匙詢問。", "Ask again with the same key in a moment.")


class RateLimited(Problem):
    slug = "rate-limited"
    status = 429
    title = Text("請求太頻繁", "Too many requests")
    explanation = Text("請依 Retry-After 所示秒數後再試。", "Try again after the seconds that Retry-After names.")


class Unavailable(Problem):
    slug = "unavailable"
    status = 503
    title = Text("服務暫時無法使用", "The service is not available for the moment")
    explanation = Text(
        "系統或外部單位暫時沒有回應。沒有任何東西遺失，請稍後再試。",
        "The system or somebody it depends on does not answer. Nothing is lost; please try again shortly.",
    )

    def __init__(self, detail: Text | None = None, *, retry_after_seconds: int = 5, **extensions: Any) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_seconds)}, **extensions)


class InternalError(Problem):
    slug = "internal-error"
    status = 500
    title = Text("系統發生錯誤", "Something went wrong on our side")
    explanation = Text("我們已記錄這個錯誤。", "The error has been recorded.")
