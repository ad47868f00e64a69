"""The people of the demo city, as the sign-in screen offers them. Only ever shown where ``MYKH_DEMO`` is set."""

from __future__ import annotations

from dataclasses import dataclass

from core.text import Text


@dataclass(frozen=True)
class DemoPerson:
    """Somebody invented: what they type to sign in, and what there is to see with them."""

    name: Text
    national_id: str
    mobile: str
    password: str
    story: Text

    def on_the_wire(self) -> dict[str, object]:
        """As ``GET /app/config.json`` shows it."""
        return {
            "name": {"zh": self.name.zh, "en": self.name.en},
            "national_id": self.national_id,
            "mobile": self.mobile,
            "password": self.password,
            "story": {"zh": self.story.zh, "en": self.story.en},
        }


DEMO_PEOPLE = (
    DemoPerson(
        name=Text("王小美", "Wang Hsiao-mei"),
        national_id="A123456789",
        mobile="0912345678",
        password="kaohsiung-demo-1",  # noqa: S106 (published in the README)
        story=Text("一輛汽車、一輛機車", "a car and a motorcycle"),
    ),
    DemoPerson(
        name=Text("林志明", "Lin Chih-ming"),
        national_id="E179864328",
        mobile="0987654321",
        password="kaohsiung-demo-2",  # noqa: S106 (published in the README)
        story=Text("帳戶餘額不足", "too little in his account"),
    ),
    DemoPerson(
        name=Text("陳阿嬤", "Chen A-ma"),
        national_id="E261622434",
        mobile="0933222111",
        password="kaohsiung-demo-3",  # noqa: S106 (published in the README)
        story=Text("80 歲，沒有車", "80 years old, no vehicle"),
    ),
    DemoPerson(
        name=Text("Maria Santos", "Maria Santos"),
        national_id="E934041203",
        mobile="0966000001",
        password="kaohsiung-demo-4",  # noqa: S106 (published in the README)
        story=Text("居留證統一證號", "signs in with a resident number"),
    ),
)
DEMO_RIDERS = (
    DemoPerson(
        name=Text("蔡明輝", "Tsai Ming-hui"),
        national_id="E120400010",
        mobile="0955100001",
        password="kaohsiung-demo-5",  # noqa: S106 (published in the README)
        story=Text("電動輪椅，要訂車", "electric wheelchair, books rides"),
    ),
    DemoPerson(
        name=Text("黃素珍", "Huang Su-chen"),
        national_id="E220400021",
        mobile="0955100002",
        password="kaohsiung-demo-6",  # noqa: S106 (published in the README)
        story=Text("看不見，帶導盲犬", "blind, with a guide dog"),
    ),
    DemoPerson(
        name=Text("郭正雄", "Kuo Cheng-hsiung"),
        national_id="E120400038",
        mobile="0955100003",
        password="kaohsiung-demo-7",  # noqa: S106 (published in the README)
        story=Text("手動輪椅，每週三次就醫", "manual wheelchair, three medical trips a week"),
    ),
)
