"""What a security notice says, kind by kind: by text message, and in the inbox."""

from __future__ import annotations

from dataclasses import dataclass

from core.text import Text


@dataclass(frozen=True, slots=True)
class NoticeWords:
    """The words of one kind of notice, with `{fields}`. Title and body appear on lock screens: they name nobody, and
    repeat nothing that somebody has typed.

    `method` is the way to sign in that "that was not me" shuts (identity.locks); None where it is only told to the
    service desk. A notice without `may_be_disavowed` has no such link.
    """

    sms: Text
    title: Text
    body: Text
    method: str | None = None
    may_be_disavowed: bool = True


NOTICES: dict[str, NoticeWords] = {
    "sign_in": NoticeWords(
        sms=Text(
            "【我的高雄】您的帳號在新的裝置登入：{device}。",
            "[My Kaohsiung] Your account was signed in to on a new device: {device}.",
        ),
        title=Text("在新的裝置登入", "Signed in on a new device"),
        body=Text("{device}，網路位置 {network}。", "{device}, from the network {network}."),
    ),
    "passkey_added": NoticeWords(
        sms=Text(
            "【我的高雄】您的帳號新增了通行金鑰「{name}」。",
            "[My Kaohsiung] The passkey “{name}” was added to your account.",
        ),
        title=Text("新增了一把通行金鑰", "A passkey was added"),
        body=Text(
            "有一台裝置現在可以用通行金鑰登入您的帳號。", "A device can now sign in to your account with a passkey."
        ),
        method="passkey",
    ),
    "passkey_removed": NoticeWords(
        sms=Text(
            "【我的高雄】您的帳號移除了通行金鑰「{name}」。",
            "[My Kaohsiung] The passkey “{name}” was removed from your account.",
        ),
        title=Text("移除了一把通行金鑰", "A passkey was removed"),
        body=Text("有一把通行金鑰不能再登入您的帳號。", "One of your passkeys can no longer sign in to your account."),
    ),
    "proofing_raised": NoticeWords(
        sms=Text("【我的高雄】您的身分已確認：{how}。", "[My Kaohsiung] Your identity was confirmed: {how}."),
        title=Text("身分已確認", "Your identity was confirmed"),
        body=Text("確認方式：{how}。", "How: {how}."),
    ),
}

PROOFING_METHODS = {
    "mobile": Text("本人名下的手機門號", "a mobile in your own name"),
    "certificate": Text("自然人憑證", "Citizen Digital Certificate"),
    "mobile_id": Text("行動身分識別", "mobile ID"),
    "counter": Text("臨櫃核對證件", "papers shown at a counter"),
}
NOT_ME = Text("若不是您本人，請點 {url}", " If this was not you: {url}")
EXPLANATION = Text(
    "{moment} 您的帳號有這項變動；這類安全通知一定會送出。",
    "On {moment} this happened to your account; such notices are always sent.",
)
