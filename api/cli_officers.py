"""`mykaohsiung officers`: the roster, and the codes by which officers enrol their passkeys."""

from __future__ import annotations

import re
from datetime import datetime

import click

from core import clock, db, taiwan
from core.clock import TAIPEI
from identity import officers, shifts
from identity.officer_models import Officer
from identity.shifts import Stretch

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
@click.option(
    "--shift", help="When they work, in Taipei: 'mon-fri 08:00-18:00, sat 09:00-12:00'. Outside, no desk opens."
)
@click.option(
    "--ask-id-number", is_flag=True, help="Ask for their own ID number: the counter refuses them that record."
)
def add(
    staff_number: str,
    name: str,
    bureau: str,
    roles: tuple[str, ...],
    until: datetime | None,
    shift: str | None,
    ask_id_number: bool,
) -> None:
    """Put somebody on the roster, and print the code with which they enrol a passkey."""
    if not _STAFF_NUMBER.fullmatch(staff_number):
        raise click.BadParameter("2 to 20 of A-Z 0-9 -, beginning with a letter or digit", param_hint="STAFF_NUMBER")
    if not 1 <= len(name) <= 60:
        raise click.BadParameter("1 to 60 characters", param_hint="--name")
    now = clock.now()
    ends_at = until.replace(tzinfo=TAIPEI) if until else None
    if ends_at is not None and ends_at <= now:
        raise click.BadParameter("must be a day to come", param_hint="--until")
    hours = _hours(shift) if shift is not None else None
    national_id = _asked_id_number() if ask_id_number else None
    if any(apart <= set(roles) for apart in officers.APART):
        raise click.BadParameter("nobody is both: who plans rides does not hear complaints", param_hint="--role")
    if "counter" in roles and national_id is None:
        click.echo("without --ask-id-number the counter cannot refuse this officer their own record", err=True)
    with db.unit_of_work() as session:
        who = officers.add(
            session,
            staff_number=staff_number,
            name=name,
            bureau=bureau,
            roles=roles,
            until=ends_at,
            shift=hours,
            national_id=national_id,
            now=now,
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
            shift = shifts.from_database(who.shift)
            hours = f", {shifts.words(shift).en}" if shift else ""
            roles = ",".join(who.roles)
            click.echo(f"{who.staff_number:<12} {who.bureau:<13} {roles:<16} {state}, {key}{hours}  {who.name}")


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


def _hours(shift: str) -> tuple[Stretch, ...]:
    try:
        return shifts.parse(shift)
    except ValueError as wrong:
        raise click.BadParameter(str(wrong), param_hint="--shift") from None


def _asked_id_number() -> str:
    number = taiwan.normalise(click.prompt("Their own ID number (kept as a keyed hash only)", hide_input=True)).upper()
    if not taiwan.person_id_valid(number):
        raise click.BadParameter("not an ID number", param_hint="--ask-id-number")
    return number


def _known(who: Officer | None, staff_number: str) -> Officer:
    if who is None:
        raise click.ClickException(f"nobody has the staff number {staff_number}")
    return who


def _say_code(made: str, who: Officer) -> None:
    click.echo(f"{who.staff_number} {who.name}: enrolment code {made}, valid for 24 hours, used once, at /desk")
