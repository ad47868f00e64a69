"""Every way in which signing in by citizen certificate is refused, each by a name of its own."""

from __future__ import annotations

from core.errors import Problem
from core.text import Text


class CertificateChallengeRefused(Problem):
    """Words to sign that are unknown, used, older than five minutes, or were asked for by another browser."""

    slug = "certificate-challenge-refused"
    status = 409
    title = Text("這次憑證登入已失效", "This sign-in by certificate is no longer valid")
    explanation = Text(
        "要簽的內容 5 分鐘內有效，只能使用一次，而且要由原來的瀏覽器送回。請重新開始。",
        "What is to be signed is valid for 5 minutes, used once, and sent back by the browser that asked for it. "
        "Please begin again.",
    )


class CertificateUnreadable(Problem):
    slug = "certificate-unreadable"
    status = 422
    title = Text("無法讀取這張憑證", "This certificate cannot be read")
    explanation = Text(
        "送來的不是 X.509 憑證，或缺少姓名、用戶序號等自然人憑證必有的欄位。",
        "What was sent is no X.509 certificate, or lacks what every citizen certificate has, such as name and holder's "
        "number.",
    )


class CertificateExpired(Problem):
    slug = "certificate-expired"
    status = 403
    title = Text("憑證已過期", "The certificate has expired")
    explanation = Text(
        "這張憑證（或簽發它的憑證）已過有效期限。自然人憑證可在內政部憑證管理中心網站展期，或到戶政事務所換卡。",
        "The certificate, or one that it rests on, is past its validity. It can be extended on the website of the "
        "ministry's certificate authority, or renewed at a household registration office.",
    )


class CertificateNotYetValid(Problem):
    slug = "certificate-not-yet-valid"
    status = 403
    title = Text("憑證尚未生效", "The certificate is not valid yet")
    explanation = Text(
        "這張憑證（或簽發它的憑證）的有效期限還沒開始。",
        "The validity of the certificate, or of one that it rests on, has not begun.",
    )


class CertificateRevoked(Problem):
    slug = "certificate-revoked"
    status = 403
    title = Text("憑證已廢止或停用", "The certificate has been revoked")
    explanation = Text(
        "簽發單位的廢止清冊列有這張憑證。若不是您辦理的，請聯絡內政部憑證管理中心；換發新卡後即可登入。",
        "Its issuer's revocation list names this certificate. If that was not your doing, ask the ministry's "
        "certificate authority; a new card signs in again.",
    )


class CertificateRootUnknown(Problem):
    slug = "certificate-root-unknown"
    status = 403
    title = Text("不接受這個單位簽發的憑證", "Certificates of this authority are not accepted")
    explanation = Text(
        "這張憑證不是由政府憑證總管理中心之下的單位簽發。請使用自然人憑證。",
        "The certificate does not lead to the government's root. Please use a Citizen Digital Certificate.",
    )


class CertificateChainBroken(Problem):
    slug = "certificate-chain-broken"
    status = 403
    title = Text("憑證串鏈不完整", "The chain of certificates is broken")
    explanation = Text(
        "從這張憑證到根憑證之間缺了一張，或其中一張的簽章、用途或擴充欄位不合規定（RFC 5280）。",
        "Between this certificate and the root one is missing, or the signature, use or extensions of one are not as "
        "RFC 5280 demands.",
    )


class CertificatePolicyWrong(Problem):
    slug = "certificate-policy-wrong"
    status = 403
    title = Text("憑證的保證等級不符", "The certificate was issued under another policy")
    explanation = Text(
        "憑證政策不是政府機關公開金鑰基礎建設的保證等級第三級，例如測試用的憑證。",
        "Its policy is not assurance level 3 of the government's public key infrastructure: a test certificate, for "
        "example.",
    )


class CertificateUseWrong(Problem):
    slug = "certificate-use-wrong"
    status = 403
    title = Text("這張憑證不能用來簽章", "This certificate is not for signing")
    explanation = Text(
        "卡片裡有簽章與加密兩張憑證，請用簽章憑證；金鑰必須是 2048 位元以上的 RSA。",
        "A card holds one certificate for signing and one for encryption; please use the first. Its key must be RSA "
        "with 2048 bits or more.",
    )


class CertificateSignatureRefused(Problem):
    """The signature is not by this certificate's key over these words, or by an algorithm that is not accepted."""

    slug = "certificate-signature-refused"
    status = 401
    title = Text("簽章不正確", "The signature is not right")
    explanation = Text(
        "簽章與這次要簽的內容或這張憑證不符，或用了 SHA-1 等已淘汰的演算法。",
        "The signature does not fit the words to be signed or this certificate, or its algorithm is obsolete, such as "
        "SHA-1.",
    )

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Bearer realm="mykaohsiung"'})


class CertificateNameRefused(Problem):
    slug = "certificate-name-refused"
    status = 403
    title = Text("無法接受憑證上的姓名", "The name in the certificate cannot be accepted")
    explanation = Text(
        "姓名有看不見的字元、不會一起書寫的文字，或超過 60 個字。請到服務櫃檯辦理。",
        "It has characters that cannot be seen, scripts that are not written together, or more than 60 characters. "
        "Please come to a service counter.",
    )


class CertificateIdNumberNeeded(Problem):
    slug = "certificate-id-number-needed"
    status = 422
    title = Text("請輸入身分證字號", "Please give your ID number")
    explanation = Text(
        "這張憑證第一次在這裡登入，憑證上沒有完整的身分證字號，需要核對一次。",
        "This certificate signs in here for the first time. It does not hold the whole ID number, which is compared "
        "once.",
    )


class CertificateNotTheirs(Problem):
    """The ID number is not the one to which the certificate was issued."""

    slug = "certificate-not-theirs"
    status = 403
    title = Text("憑證與身分證字號不相符", "The certificate does not belong to this ID number")
    explanation = Text(
        "簽發單位核對，這張憑證不是發給這個身分證字號的人。請確認輸入的號碼，或拿對的卡。",
        "By its issuer's record it was not issued to the holder of this ID number. Please check the number, or the "
        "card.",
    )


class CertificateOfAnother(Problem):
    slug = "certificate-of-another"
    status = 409
    title = Text("這是另一個人的憑證", "This certificate is somebody else's")
    explanation = Text(
        "現在登入的是另一個人。請先登出，再用這張憑證登入。",
        "Somebody else is signed in. Please sign out first, and then in with this certificate.",
    )


class _ListProblem(Problem):
    """Whether a certificate is revoked cannot be found out; until it can, the certificate is not accepted."""

    def __init__(self, *, retry_after_seconds: int) -> None:
        super().__init__(headers={"Retry-After": str(retry_after_seconds)})


class RevocationListUnreachable(_ListProblem):
    slug = "revocation-list-unreachable"
    status = 503
    title = Text("無法查詢憑證是否已廢止", "Whether the certificate is revoked cannot be found out")
    explanation = Text(
        "簽發單位的廢止清冊現在下載不到；查不到就不接受憑證。請稍後再試，或用其他方式登入。",
        "The issuer's revocation list cannot be fetched now, and without it no certificate is accepted. Please try "
        "again later, or sign in in another way.",
    )


class RevocationListStale(_ListProblem):
    slug = "revocation-list-stale"
    status = 503
    title = Text("簽發單位的廢止清冊已過期", "The issuer's revocation list is out of date")
    explanation = Text(
        "下載到的廢止清冊已過了它自己的更新時間，不能證明憑證有效。請稍後再試，或用其他方式登入。",
        "The revocation list that was fetched is past its own date, and proves nothing. Please try again later, or "
        "sign in in another way.",
    )


class RevocationListNotTrusted(_ListProblem):
    slug = "revocation-list-not-trusted"
    status = 503
    title = Text("廢止清冊不是簽發單位的", "The revocation list is not the issuer's")
    explanation = Text(
        "下載到的廢止清冊簽章、簽發者或範圍不對，或憑證所指的清冊不在核可的位址。請稍後再試，或用其他方式登入。",
        "The signature, issuer or scope of the revocation list is wrong, or the certificate names none at an address "
        "that is approved. Please try again later, or sign in in another way.",
    )
