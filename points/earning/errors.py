"""What is refused about campaigns and deeds, and why."""

from __future__ import annotations

from core.errors import Conflict, Problem
from core.text import Text


class DeedKeyUsed(Conflict):
    """The bureau has used this key for another deed."""

    slug = "deed-key-used"
    title = Text("這個鍵值已用於另一筆紀錄", "This key stands for another deed")
    explanation = Text(
        "同一個機關、同一種紀錄的每個鍵值只代表一筆。內容不同時請換一個鍵值；要更正時先刪除原來的紀錄。",
        "Within one bureau and kind a key stands for one deed. Another deed needs another key; to correct one, take it "
        "back and send it under a new key.",
    )


class CampaignTermsWrong(Problem):
    """The terms contradict themselves, or ask for what the event does not carry; `errors` names each member."""

    status = 422
    slug = "points-campaign-terms-wrong"
    title = Text("活動的條件不成立", "These terms cannot be")
    explanation = Text(
        "條件互相矛盾，或要求這個事件沒有帶的資料。errors 逐一列出是哪一欄、為什麼。",
        "The terms contradict themselves, or ask for facts that the event does not carry. `errors` names each member "
        "and says why.",
    )


class CampaignCodeTaken(Conflict):
    """Another campaign has this code."""

    slug = "points-campaign-code-taken"
    title = Text("這個活動代碼已有人使用", "Another campaign has this code")
    explanation = Text(
        "活動代碼是預算帳戶的名字，不能重複。請換一個。",
        "The code names the budget's account, so no two campaigns share one. Please choose another.",
    )


class CampaignStateWrong(Conflict):
    """The campaign is not in a state for that; `campaign_status` says how it stands."""

    slug = "points-campaign-state-wrong"
    title = Text("活動目前的狀態不能這樣做", "The campaign does not stand where this can be done")
    explanation = Text(
        "草稿才能修改與核准，核准後才能增加預算或結束。campaign_status 是目前的狀態。",
        "Only a draft is changed and approved; only what is approved gets a larger budget or is ended. "
        "`campaign_status` says how it stands.",
    )


class CampaignWaits(Conflict):
    """A proposal about it waits for a second officer, or another one than this."""

    slug = "points-campaign-waits"
    title = Text("有一件提案等候另一位承辦人員", "A proposal waits for a second officer")
    explanation = Text(
        "提案內容不能再改。請另一位承辦人員核准或退回，或由提案人撤回，再重新提出。",
        "What is proposed does not change. Another officer approves or declines it, or whoever proposed takes it back; "
        "then propose anew.",
    )
