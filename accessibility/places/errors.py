"""How a place is refused, and what would make it right."""

from __future__ import annotations

from core.errors import Problem
from core.text import Text


class PlaceNotLocated(Problem):
    """`place` is which place it is ("from", "to", "stops/0", "place"); `district` the district of Kaohsiung that was
    probably meant, by its town code (None: nobody can tell)."""

    slug = "place-not-located"
    status = 422
    title = Text("找不到這個地點的位置", "It is not known where that place is")
    explanation = Text(
        "請從搜尋結果選一個地點，或在地圖上點出位置；只有地址文字不夠準確，車會找不到門口。",
        "Choose a place from the search, or point at it on the map: the text of an address alone is not exact enough "
        "for a driver to find the door.",
    )


class PlaceTooVague(Problem):
    slug = "place-too-vague"
    status = 422
    title = Text("這是一整個行政區，不是一個門口", "That is a whole district, not a door")
    explanation = Text(
        "請再選區內的車站、學校、醫院，或在地圖上點出位置。",
        "Choose a station, school or hospital in it, or point at the door on the map.",
    )


class NotInTaiwan(Problem):
    """`place` is which place of the request it is ("from", "to", "stops/0", "place"); `is_swapped`: with its two
    numbers the other way round it would be in Taiwan."""

    slug = "place-not-in-taiwan"
    status = 422
    title = Text("這個位置不在臺灣", "That position is not in Taiwan")
    explanation = Text(
        "這個位置在海上或國外。請在地圖上重新點出位置，或從搜尋結果選一個地點。",
        "That position is at sea or abroad. Point at the map again, or choose a place from the search.",
    )


class OutsideServiceArea(Problem):
    """`place` is which place it is ("from", "to", "stops/0", "place"); `district` the district of Kaohsiung that was
    probably meant, by its town code (None: nobody can tell)."""

    slug = "outside-service-area"
    status = 422
    title = Text("超出服務範圍", "Outside the service area")
    explanation = Text(
        "車趟在高雄市內，可以到規定所列的鄰近鄉鎮市區。detail 說明是哪裡、可以怎麼辦。",
        "Rides are within Kaohsiung, and may end in the adjoining towns that the rule names. `detail` says which place "
        "it is and what can be done.",
    )


class AddressElsewhere(Problem):
    """`district` is the district of Kaohsiung that was probably meant, by its town code (None: nobody can tell)."""

    slug = "address-elsewhere"
    status = 422
    title = Text("地址和地圖上的位置不一致", "The address and the position are not the same place")
    explanation = Text(
        "地址寫的縣市或行政區，和地圖上點的位置不同。例如「桃源區」在高雄市，「桃園市」是另一個城市。",
        "The address names another city or district than the position. 桃源區 is a district of Kaohsiung; 桃園市 is "
        "another city.",
    )
