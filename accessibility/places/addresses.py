"""Addresses as people write them: 高雄市鳳山區光復路二段132巷8弄12之3號. Tidied, and read as far as city and district.

The text itself is for the driver; where a place is, its coordinates say. What the text says of city and district must
not contradict them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from accessibility.places import area
from accessibility.places.area import Where
from core import district_shapes, taiwan
from core.districts import DISTRICTS
from core.text import Text

_CITY: Final = "64000"
_POSTCODE = re.compile(r"^[0-9]{3}(?:[0-9]{2,3})?(?=\D)")
# 12-3號 and 12之3號 are one door; so are 12號之3 and 12之3號.
_HYPHENED = re.compile(r"([0-9]+)\s*[-‐‑–—−~]\s*([0-9]+)(?=\s*[號号樓])")
_AFTER_NUMBER = re.compile(r"([0-9]+)[號号]之([0-9]+)(?![0-9樓])")
_VARIANTS: Final = str.maketrans({"臺": "台"})
# What counties were called before they became cities; older papers and people still write so.
_FORMER: Final = {"高雄縣": "64000", "桃園縣": "68000", "台北縣": "65000", "台中縣": "66000", "台南縣": "67000"}


@dataclass(frozen=True, slots=True)
class Contradiction:
    """An address that names another place than its pin: what to tell, and which district was probably meant."""

    words: Text
    meant: str | None


def tidy(typed: str) -> str:
    """An address without white space and postcode, in half-width digits, with 之 in its number."""
    # 12號之3 5樓 is only clear as long as its white space is there.
    plain = "".join(_AFTER_NUMBER.sub(r"\1之\2號", taiwan.normalise(typed)).split())
    return _HYPHENED.sub(r"\1之\2", _POSTCODE.sub("", plain)).replace("号", "號")


def county_named(address: str) -> str | None:
    """The code of the county or city with which an address begins; None: it names none."""
    plain = tidy(address).translate(_VARIANTS).removeprefix("台灣省")
    names = {name.zh.translate(_VARIANTS): code for code, name in area.counties().items()}
    return next((code for name, code in (names | _FORMER).items() if plain.startswith(name)), None)


def district_named(address: str) -> str | None:
    """The town code of the district of Kaohsiung that an address names after its city, if any; None: it names none."""
    plain = tidy(address).removeprefix("台灣省").removeprefix("臺灣省").removeprefix("高雄市").removeprefix("高雄縣")
    return next((code for name, code in _districts().items() if plain.startswith(name)), None)


def elsewhere_words(county: str) -> Text | None:
    """What to tell somebody who wrote an address of another county or city; None: it is Kaohsiung's."""
    if county == _CITY:
        return None
    if county == area.TAOYUAN_CITY:
        return Text(
            "地址寫的是桃園市，那是另一個城市。如果您要去的是高雄市桃源區，請改寫「桃源區」。",
            "The address says Taoyuan City (桃園市), which is another city. If you mean Taoyuan District (桃源區) of "
            "Kaohsiung, please write 桃源區.",
        )
    words = Text(
        "地址寫的是{name}，位置卻不在那裡。請改地址，或在地圖上重新點出位置。",
        "The address says {name}, but the position is not there. Please correct the address, or point at the map "
        "again.",
    )
    return words.format(name=area.counties()[county])


def meant_in_search(typed: str) -> Contradiction | None:
    """What to tell somebody who looks for a place that is not in Kaohsiung; None: there is nothing to tell."""
    plain = tidy(typed)
    county = county_named(plain)
    if county is None and plain.startswith("桃園"):
        county = area.TAOYUAN_CITY
    if county in (None, _CITY):
        return None
    if county == area.TAOYUAN_CITY:
        words = Text(
            "「桃園市」是另一個城市，車趟不到那裡。您要找的可能是高雄市「桃源區」。",
            "桃園市 (Taoyuan City) is another city, and rides do not go there. You may mean 桃源區 (Taoyuan District) "
            "of Kaohsiung.",
        )
        return Contradiction(words, area.TAOYUAN_DISTRICT)
    words = Text(
        "這裡只列高雄市的地點；{name}請在地圖上點出位置。",
        "Only places in Kaohsiung are listed here; for {name} please point at the map.",
    )
    assert county is not None
    return Contradiction(words.format(name=area.counties()[county]), None)


def contradiction(address: str, where: Where, *, latitude: float, longitude: float) -> Contradiction | None:
    """What is wrong with an address at a pin; None: it says nothing else than the pin, which may be at a border."""
    county = county_named(address)
    if county is not None and county != where.county:
        if county == _CITY:
            words = Text("地址寫高雄市，位置卻在{name}。", "The address says Kaohsiung, but the position is in {name}.")
            return Contradiction(words.format(name=area.name_of(where.district or "")), district_named(address))
        words_elsewhere = elsewhere_words(county)
        assert words_elsewhere is not None
        return Contradiction(words_elsewhere, area.TAOYUAN_DISTRICT if county == area.TAOYUAN_CITY else None)
    if county not in (None, _CITY):
        return None
    named = district_named(address)
    if named is None or named == where.district:
        return None
    if district_shapes.is_in_or_beside(named, latitude, longitude):
        return None
    words = Text(
        "地址寫{named}，地圖上的位置卻在{there}。請確認要去哪一個。",
        "The address says {named}, but the position on the map is in {there}. Please make sure which one you mean.",
    )
    assert where.district is not None
    return Contradiction(words.format(named=DISTRICTS[named], there=area.name_of(where.district)), named)


@cache
def _districts() -> dict[str, str]:
    # 那瑪夏 and 茄萣 are also written otherwise; the longest name first.
    names = {name.zh: code for code, name in DISTRICTS.items()}
    return dict(sorted(names.items(), key=lambda each: -len(each[0])))
