"""What a proposal about a site would do, in human words, for whoever decides it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.text import Text
from identity import approvals
from identity.approvals import Shown
from identity.provider.claims import CLAIMS
from identity.relying_parties import registration

TITLE = Text("我的高雄登入：網站介接", "Sign-in with My Kaohsiung: a site")
_ACTIONS = {
    "register": Text("登記新的網站，核准後市民即可用我的高雄登入", "Register a site that people may sign in to"),
    "change": Text("變更已核准的登記", "Change an approved registration"),
    "resume": Text("恢復已停用的網站", "Let a suspended site go on"),
}
_LABELS = {
    "name": Text("網站名稱", "Site"),
    "purpose": Text("網站用途", "What it is for"),
    "contact": Text("聯絡窗口", "Contact"),
    "client_uri": Text("網站首頁", "Home page"),
    "policy_uri": Text("隱私權說明", "Privacy statement"),
    "redirect_uris": Text("登入後回到", "After sign-in back to"),
    "post_logout_redirect_uris": Text("登出後回到", "After sign-out back to"),
    "backchannel_logout_uri": Text("登出通知送到", "Told of sign-outs at"),
    "token_endpoint_auth_method": Text("網站如何證明自己", "How the site proves itself"),
    "jwks": Text("公鑰", "Public keys"),
    "id_token_alg": Text("識別權杖簽章", "ID tokens signed with"),
    "scopes": Text("範圍", "Scopes"),
    "default_loa": Text("最低保證等級", "Least assurance level"),
    "requires_par": Text("只收預先送出的請求", "Pushed requests alone"),
}
_METHODS = {
    "private_key_jwt": Text("以自己的私鑰簽章", "Signs with a key of its own"),
    "client_secret_basic": Text("以密鑰（HTTP 基本認證）", "With a secret (HTTP Basic)"),
    "client_secret_post": Text("以密鑰（放在表單）", "With a secret (in the form)"),
}
_YES_NO = {True: Text("是", "Yes"), False: Text("否", "No")}
_NONE = Text("（無）", "(none)")


def register() -> None:
    """Let registrars decide what is proposed about sites. Called once at start-up."""
    approvals.on_approved(
        registration.KIND,
        registration.APPROVERS,
        registration.carry_out,
        shown,
        title=TITLE,
        on_refused=registration.put_away,
    )


def shown(body: Mapping[str, Any]) -> list[Shown]:
    """Every member of the registration; of a change, what is different alone, before and after."""
    lines = [
        Shown(Text("提案", "Proposal"), _ACTIONS[body["action"]]),
        Shown(Text("用戶端代碼", "Client id"), body["client_id"]),
    ]
    before, after = body["before"], body["after"]
    for name, label in _LABELS.items():
        if before is None:
            lines.append(Shown(label, _value(name, after[name])))
        elif before[name] != after[name]:
            lines.append(Shown(label, _from_to(_value(name, before[name]), _value(name, after[name]))))
    claims_before = before["claims"] if before is not None else {}
    return [*lines, *_claim_lines(claims_before, after["claims"], is_change=before is not None)]


def _claim_lines(before: Mapping[str, Any], after: Mapping[str, Any], *, is_change: bool) -> list[Shown]:
    lines = []
    for name in sorted(before.keys() | after.keys()):
        if is_change and before.get(name) == after.get(name):
            continue
        label = Text("要的資料：{claim}", "Asks for: {claim}").format(claim=CLAIMS[name].label)
        now = _claim(after[name]) if name in after else Text("不再要", "no longer")
        lines.append(Shown(label, _from_to(_claim(before[name]), now) if name in before else now))
    return lines


def _claim(asked: Mapping[str, Any]) -> Text:
    need = Text("必要", "needed") if asked["is_essential"] else Text("可不給", "optional")
    basis = asked["legal_basis"]
    law = Text("；法律依據：{basis}", "; by law: {basis}").format(basis=basis) if basis else Text("", "")
    return Text("用途「{zh}／{en}」（{need}{law}）", "for “{zh} / {en}” ({need}{law})").format(
        zh=asked["zh"], en=asked["en"], need=need, law=law
    )


def _from_to(before: Text, after: Text) -> Text:
    return Text("由 {before} 改為 {after}", "from {before} to {after}").format(before=before, after=after)


def _value(name: str, value: Any) -> Text:
    if value is None or value == []:
        return _NONE
    if name in ("name", "purpose"):
        both = f"{value['zh']} / {value['en']}"
        return Text(both, both)
    if name == "token_endpoint_auth_method":
        return _METHODS[value]
    if isinstance(value, bool):
        return _YES_NO[value]
    if name == "jwks":
        kids = ", ".join(f"{key['kty']} {key['kid']}" for key in value["keys"])
        return Text(kids, kids)
    plain = "\u3000".join(value) if isinstance(value, list) else str(value)
    return Text(plain, plain)
