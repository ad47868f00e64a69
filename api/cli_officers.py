"""`mykaohsiung officers`: the roster, and the codes by which officers enrol their passkeys."""

from __future__ import annotations

import re
from datetime import datetime

import click

from core import clock, db
from core.clock import TAIPEI
from identity import officers
from identity.officer_models import Officer

_STAFF_NUMBER = re.compile("[A-Z0-9][A-Z0-9-]{1,19}")


@click.group()
def officers_group() -> None:
    """The city's officers: who is on the roster."""


@officers_group.command("add")
@click.argument("staff_number")
@click.option("--name", required=True, help="As colleagues know them; on every proposal and decision.")
@click.option("--bureau", required=True, type=click.Choice(officers.BUREAUS))
@click.option("--role", "roles", required=True, multiple=True, type=click.Choice(officers.ROLES))
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The day on which they are no longer on the roster.")
def add(staff_number: str, name: str, bureau: str, roles: tuple[str, ...], until: datetime | None) -> None:
    """Put somebody on the roster, and print the code with which they enrol a passkey."""
    if not _STAFF_NUMBER.fullmatch(staff_number):
        raise click.BadParameter("2 to 20 of A-Z 0-9 -, beginning with a letter or digit", param_hint="STAFF_NUMBER")
    if not 1 <= len(name) <= 60:
        raise click.BadParameter("1 to 60 characters", param_hint="--name")
    now = clock.now()
    ends_at = until.replace(tzinfo=TAIPEI) if until else None
    if ends_at is not None and ends_at <= now:
        raise click.BadParameter("must be a day to come", param_hint="--until")
    with db.unit_of_work() as session:
        who = officers.add(
            session, staff_number=staff_number, name=name, bureau=bureau, roles=roles, until=ends_at, now=now
        )
        _say_code(officers.make_code(session, who, now=now), who)


@officers_group.command("list")
def list_everybody() -> None:
    """Everybody there has been: staff number, bureau, roles, whether on the roster, whether with a passkey."""
    now = clock.now()
    with db.unit_of_work() as session:
        for entry in officers.everybody(session, now=now):
            who = entry.officer
            state = "on the roster" if entry.is_on_roster else "off the roster"
            key = "has a passkey" if entry.has_passkey else "no passkey"
            click.echo(f"{who.staff_number:<12} {who.bureau:<9} {','.join(who.roles):<16} {state}, {key}  {who.name}")


@officers_group.command("leave")
@click.argument("staff_number")
def leave(staff_number: str) -> None:
    """Take somebody off the roster: their sessions, codes and passkeys end at once."""
    with db.unit_of_work() as session:
        officers.leave(session, _known(officers.find(session, staff_number), staff_number), now=clock.now())
    click.echo(f"{staff_number} is off the roster; every session of theirs has ended")


@officers_group.command("code")
@click.argument("staff_number")
@click.option("--lost", is_flag=True, help="Their passkeys are lost: end those, and every session, first.")
def code(staff_number: str, lost: bool) -> None:
    """Print a new enrolment code; earlier ones are dead."""
    now = clock.now()
    with db.unit_of_work() as session:
        who = _known(officers.find(session, staff_number), staff_number)
        if not officers.is_on_roster(who, now):
            raise click.ClickException(f"{staff_number} is off the roster: put them back with `officers add`")
        _say_code(officers.make_code(session, who, has_lost_passkeys=lost, now=now), who)


def _known(who: Officer | None, staff_number: str) -> Officer:
    if who is None:
        raise click.ClickException(f"nobody has the staff number {staff_number}")
    return who


def _say_code(made: str, who: Officer) -> None:
    click.echo(f"{who.staff_number} {who.name}: enrolment code {made}, valid for 24 hours, used once, at /desk")
