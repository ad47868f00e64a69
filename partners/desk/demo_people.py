"""The invented people of the demo city, as the outside systems know them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """One person: who they are, the number they answer to, what they drive and what they have at the bank (NT$)."""

    name: str
    national_id: str
    mobile: str
    vehicles: tuple[tuple[str, str], ...]
    account_no: str
    balance_twd: int


DEMO_PEOPLE = (
    DemoPerson(
        "王小美 Wang Hsiao-mei",
        "A123456789",
        "0912345678",
        (("ABC-1235", "car"), ("MAA-0001", "motorcycle")),
        "9017-0000-1234",
        50_000,
    ),
    DemoPerson("林志明 Lin Chih-ming", "E179864328", "0987654321", (("1235-AB", "car"),), "9017-0000-2345", 300),
    DemoPerson("陳阿嬤 Chen A-ma", "E261622434", "0933222111", (), "9017-0000-3456", 20_000),
    DemoPerson("Maria Santos", "E934041203", "0966000001", (("EAA-5678", "car"),), "9017-0000-4567", 8_000),
)
