"""How registrations and consents are refused."""

from __future__ import annotations

from core.errors import Problem
from core.text import Text


class ConsentOfAnother(Problem):
    """Somebody who acts for another cannot agree in that person's name."""

    slug = "consent-of-another"
    status = 403
    title = Text("不能替別人同意提供資料", "One cannot agree in somebody else's name")
    explanation = Text(
        "同意把個人資料提供給其他網站，必須由本人決定；受託人、監護人或服務櫃檯都不能代為同意。",
        "Whether another site is told somebody's data is for that person alone to decide; neither a delegate nor a "
        "guardian nor an officer can agree for them.",
    )


class EssentialClaimMissing(Problem):
    """The site cannot work without this claim, so either all essential ones are agreed to or the request is refused."""

    slug = "essential-claim-missing"
    status = 422
    title = Text("少了這項服務必要的資料", "A piece of data that this service cannot do without is missing")
    explanation = Text(
        "標示為「必要」的資料須全部同意才能登入該網站；也可以選擇不登入，回到原網站。",
        "Everything marked as needed must be agreed to before signing in there; one may as well go back to that site "
        "without signing in.",
    )


class AskedOtherwiseSince(Problem):
    """What the site may ask for, or why, was changed while the person had the page open."""

    slug = "asked-otherwise-since"
    status = 409
    title = Text("這個網站要求的內容剛剛改變了", "What this site asks for has just changed")
    explanation = Text(
        "您看到的用途可能已不是現在的內容，所以沒有提供任何資料。請回到原網站，再登入一次。",
        "The purposes on your screen may not be the present ones, so nothing was told. Please go back to the site and "
        "sign in again from there.",
    )


class ClientIdTaken(Problem):
    slug = "client-id-taken"
    status = 409
    title = Text("這個用戶端代碼已有人使用", "This client id is taken")
    explanation = Text(
        "每個網站有自己的代碼，登記後不能再給別的網站。請換一個代碼。",
        "Each site has an id of its own, which is given to no other. Please choose another.",
    )


class RegistrationRefused(Problem):
    """Something about the registration breaks a rule; `errors` names each member."""

    slug = "registration-refused"
    status = 422
    title = Text("登記內容不符規定", "The registration breaks a rule")
    explanation = Text(
        "回轉網址須為完整的 https 網址、不含片段，並位於同一主機；每項資料須寫明用途；身分證字號須有法律依據；"
        "私鑰不得送出。errors 逐一列出。",
        "Redirect addresses are whole https addresses without fragment, on one host; each claim has its purpose; the "
        "ID number needs a legal basis; a private key is never sent. `errors` lists what is wrong.",
    )


class ProposalOpen(Problem):
    slug = "proposal-open"
    status = 409
    title = Text("這個網站已有待核准的提案", "A proposal about this site is waiting already")
    explanation = Text(
        "一個網站一次只有一件提案。請等審核人決定，或先撤回前一件。",
        "One proposal at a time for each site. Please wait for the decision, or take the earlier one back first.",
    )


class RegistrationChanged(Problem):
    """What the proposal was based on is not what stands now."""

    slug = "registration-changed"
    status = 409
    title = Text("提案之後登記已變更", "The registration has changed since")
    explanation = Text(
        "這件提案依據的登記內容已經不同，核准會蓋掉後來的變更。請退回，並依現況重新提案。",
        "It was proposed on the grounds of a registration that reads otherwise by now, and would undo what came after. "
        "Please decline it and propose it anew.",
    )


class NotInThisState(Problem):
    slug = "relying-party-not-in-this-state"
    status = 409
    title = Text("這個網站目前不能這樣處理", "This cannot be done with the site as it stands")
    explanation = Text(
        "只有核准中的網站可以停用、變更或換發密鑰；只有停用的網站可以申請恢復。",
        "Only an approved site can be suspended, changed or given a new secret; only a suspended one can be resumed.",
    )
