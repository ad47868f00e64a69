"""What the cap says to people: the evening's digest, and why a message came."""

from __future__ import annotations

from core.text import Text

DIGEST_TITLE_OF_ONE = Text("還有 1 則通知沒有響鈴", "1 more message came without ringing")
DIGEST_TITLE = Text("還有 {count} 則通知沒有響鈴", "{count} more messages came without ringing")
DIGEST_LINE = Text("・", "· ")
DIGEST_MORE = Text("……另外還有 {count} 則", "… and {count} more")
DIGEST_BECAUSE = Text(
    "這 {count} 則通知超過了您一天的響鈴上限，所以沒有響，彙整成這一則，一天最多一次，不出聲。",
    "These {count} messages were more than you let ring in a day. So they did not ring and are gathered here: once a "
    "day at most, and without a sound.",
)

_STANDING = Text(
    "當時有 {of} 則通知要給您，這一則排第 {rank}。您一天最多響 {cap} 次，那天先前已響 {used} 次，",
    "Of {of} messages for you at that moment this was number {rank}. You are rung at most {cap} times a day, and had "
    "been rung {used} times that day, ",
)
RANG = Text(f"{_STANDING.zh}所以響了。", f"{_STANDING.en}so it rang.")
DID_NOT_RING = Text(
    f"{_STANDING.zh}所以沒有響，只放進信箱。", f"{_STANDING.en}so it did not ring and only lies in your inbox."
)
WAITED = Text("在這之前它等了 {days} 天。", " Before that it had waited for {days} days.")

RULE = Text("您訂閱了「{topic}」{conditions}", "You subscribe to “{topic}”{conditions}")
ABOUT = Text("，這是關於「{subject}」的", ", and it is about {subject}")
IN_DISTRICTS = Text("，而且您的{places}在{districts}", ", and your {places} is in {districts}")
NEAR = Text("，而且您的手機最後出現在機關選的範圍內", ", and your phone was last seen in the area that was chosen")
WITH_FACT = Text("，而且您讓我們使用「{fact}」", ", and you let us use “{fact}”")
PLACES = {
    "home": Text("住家", "home"),
    "work": Text("上班地點", "place of work"),
    "school": Text("學校", "school"),
}
SOME_PLACE = Text("地點", "place")
EVERYBODY_INSIDE = Text(
    "緊急警報通知範圍內的每一個人，不需要訂閱，也不算在響鈴上限內。",
    "An emergency alert goes to everybody inside its area: it needs no subscription and counts under no cap.",
)

STOP_SUBSCRIPTION = Text("停止「{topic}」", "Stop “{topic}”")
STOP_EXPIRY = Text("點數到期前不要再提醒", "Warn me no more before points lapse")
STOP_DIGEST = Text("不要再收到彙整", "Send me no more digests")
UNTIL = Text("{day} 之後結束", "It ends after {day}")
ENDS = Text("{rules}結束", "It ends {rules}")
NEVER = Text("您停止時才結束", "It ends when you stop it")
