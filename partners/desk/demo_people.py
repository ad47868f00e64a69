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


@dataclass(frozen=True, slots=True)
class DemoCertificate:
    """What the register of disability certificates knows of one of them; without `severity` there is none."""

    national_id: str
    classes: str
    severity: str | None
    needs_wheelchair: bool = False
    is_visual: bool = False
    card: str | None = None
    is_low_income: bool = False


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
    DemoPerson("蔡明輝 Tsai Ming-hui", "E120400010", "0955100001", (), "9017-0000-5678", 12_000),
    DemoPerson("黃素珍 Huang Su-chen", "E220400021", "0955100002", (), "9017-0000-6789", 6_000),
    DemoPerson("郭正雄 Kuo Cheng-hsiung", "E120400038", "0955100003", (), "9017-0000-7890", 1_500),
)
DEMO_CERTIFICATES = (
    DemoCertificate("E120400010", "第七類", "severe", needs_wheelchair=True, card="disability"),
    DemoCertificate("E220400021", "第二類", "severe", is_visual=True, card="disability"),
    DemoCertificate(
        "E120400038", "第六類、第七類", "moderate", needs_wheelchair=True, card="disability", is_low_income=True
    ),
    DemoCertificate("E261622434", "", None, card="senior"),
)
