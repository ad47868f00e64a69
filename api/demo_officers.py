"""The demo city's officers: two of each role in which two persons decide, and one of each other role."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from core import clock, db
from identity import officers

# staff number, name, bureau, role
DEMO_OFFICERS = (
    ("FIN-001", "許主計 Hsu", "treasury", "finance"),
    ("FIN-002", "蔡出納 Tsai", "treasury", "finance"),
    ("AUD-001", "鄭稽核 Cheng", "treasury", "auditor"),
    ("PRK-001", "郭停管 Kuo", "parking", "bureau_officer"),
    ("CUL-001", "蕭藝文 Hsiao", "culture", "bureau_officer"),
    ("CTR-001", "洪櫃檯 Hung", "civil_affairs", "counter"),
    ("OPR-001", "曾話務 Tseng", "rdec", "operator"),
    ("PWK-001", "蘇道工 Su", "public_works", "editor"),
    ("PWK-002", "高核稿 Kao", "public_works", "publisher"),
    ("EDU-001", "游教務 You", "education", "editor"),
    ("EDU-002", "藍核稿 Lan", "education", "publisher"),
    ("PRK-002", "葉訊息 Yeh", "parking", "editor"),
    ("PRK-003", "石核稿 Shih", "parking", "publisher"),
    ("FIR-001", "雷值勤 Lei", "fire", "duty_officer"),
    ("FIR-002", "方值勤 Fang", "fire", "duty_officer"),
    ("ECO-001", "陸點數 Lu", "economic", "points_officer"),
    ("ECO-002", "汪點數 Wang", "economic", "points_officer"),
    ("TRA-001", "溫調度 Wen", "transport", "dispatcher"),
    ("TRA-002", "江調度 Chiang", "transport", "dispatcher"),
    ("SOC-001", "賴身障 Lai", "social_affairs", "mobility"),
    ("SOC-002", "余身障 Yu", "social_affairs", "mobility"),
    ("REG-001", "鍾審核 Chung", "rdec", "registrar"),
    ("REG-002", "簡審核 Chien", "rdec", "registrar"),
)


def enrol(session: Session, now: datetime) -> None:
    """Put them on the roster; those who are known, or have left, stay as they are."""
    for staff_number, name, bureau, role in DEMO_OFFICERS:
        if officers.find(session, staff_number) is None:
            officers.add(session, staff_number=staff_number, name=name, bureau=bureau, roles=[role], now=now)


def table() -> list[str]:
    """A line each for the terminal, with a fresh enrolment code for whoever has no passkey yet."""
    now = clock.now()
    lines = []
    with db.unit_of_work() as session:
        for entry in officers.everybody(session, now=now):
            who = entry.officer
            if not entry.is_on_roster:
                continue
            code = "signs in with a passkey" if entry.has_passkey else officers.make_code(session, who, now=now)
            lines.append(f"{who.staff_number}  {code:<23}  {','.join(who.roles):<14}  {who.name}")
    return lines
