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


class RideFileUnreadable(Problem):
    """The file is no CSV file of rides in the encoding that was named; `reason` says why."""

    status = 422
    slug = "ride-file-unreadable"
    title = Text("搭乘檔讀不懂", "The file of rides cannot be read")
    explanation = Text(
        "檔案必須是 CSV，第一行是約定的欄位名稱，編碼與 encoding 所說的相同。整個檔案沒有收下。"
        "reason 說明哪裡不對：encoding（at_byte 是第幾個位元組）、not_text、header（columns 是應有的欄位）、"
        "quotes（at_line 是第幾行）、too_many_lines（最多 most 行）。",
        "The file must be CSV, its first line the columns agreed, in the encoding that `encoding` names. Nothing of it "
        "was taken. `reason` says what is wrong: encoding (at_byte), not_text, header (columns are those agreed), "
        "quotes (at_line), too_many_lines (at most `most`).",
    )


class RideFileRefused(Problem):
    """Some lines are wrong, so nothing was taken: `rows` names up to 100 faults, `wrong` is how many there are."""

    status = 422
    slug = "ride-file-refused"
    title = Text("搭乘檔有錯，整個檔案沒有收下", "Lines of the file are wrong, and nothing of it was taken")
    explanation = Text(
        "rows 逐一列出第幾行、哪一欄、為什麼（最多 100 個），wrong 是錯誤總數。更正後整個檔案再送一次。",
        "`rows` names row, column and reason of each fault (100 at the most), `wrong` counts them all. Mend the file "
        "and send all of it again.",
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
