"""How the provider says no: to the person on a page of ours, or to the site in the protocol's own words.

What the protocol has words for is said with Authlib's errors (RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core §3.1.2.6)
and with those below.
"""

from __future__ import annotations

from authlib.oauth2 import OAuth2Error

from core.text import Text


class UnmetAuthenticationRequirements(OAuth2Error):  # type: ignore[misc]
    """The person cannot reach the level that the site insists on (OpenID Connect Unmet Authentication Requirements)."""

    error = "unmet_authentication_requirements"


class ServerTooBusy(OAuth2Error):  # type: ignore[misc]
    """Too many requests in too short a time (RFC 6749 §4.1.2.1)."""

    error = "temporarily_unavailable"
    status_code = 429


class ShownHere(Exception):
    """The request cannot be answered to the site, since it is not sure who asks: a page of ours says why.

    Nothing is redirected (RFC 6749 §4.1.2.1): else anybody could have our address send people anywhere.
    """

    def __init__(self, why: Text, status: int = 400) -> None:
        super().__init__(why.en)
        self.why = why
        self.status = status


UNKNOWN_SITE = Text(
    "我們不認得要您登入的網站，或它尚未獲准使用我的高雄登入。",
    "We do not know the site that sent you here, or it may not use this sign-in.",
)
UNREGISTERED_ADDRESS = Text(
    "網站要求把結果送到沒有登記的網址。為了保護您，我們沒有把任何資料送出去。",
    "The site asked for the answer at an address that it has not registered. To protect you, nothing was sent there.",
)
MISSING_ADDRESS = Text(
    "網站沒有說結果要送到哪裡。",
    "The site did not say where the answer should go.",
)
REPEATED = Text(
    "網站送來的請求有重複的欄位，無法確定它要什麼。",
    "The site's request says something twice, so it is not clear what it asks.",
)
NOT_A_FORM = Text(
    "網站送來的請求不是表單，無法讀取。",
    "The site's request is not a form and cannot be read.",
)
LAPSED = Text(
    "這個登入請求已經過期或用過了。請回到原來的網站，再按一次登入。",
    "This request to sign in has lapsed or was used. Go back to the site and sign in again from there.",
)
TOO_OFTEN = Text(
    "短時間內太多次登入請求。請稍後再試。",
    "Too many requests to sign in within a short time. Please try again in a while.",
)
NOT_A_HINT_OF_OURS = Text(
    "登出請求中的識別權杖不是我們簽發的，或不是給這個網站的。為了保護您，我們沒有把您導向任何地方。",
    "The ID token in this request to sign out was not made by us, or not for that site. To protect you, you were not "
    "sent anywhere.",
)
