"""`mykaohsiung ledger`: is the book as it was sealed?"""

from __future__ import annotations

import sys

import click

from core import db
from ledger import audit, book, seals


@click.group()
def ledger_group() -> None:
    """The book: its seals, and whether it adds up."""


@ledger_group.command()
def head() -> None:
    """Print the newest seal, to be written down outside this database."""
    with db.unit_of_work() as session:
        newest = seals.head(session)
    click.echo(str(newest) if newest else "nothing is sealed yet")


@ledger_group.command()
@click.option("--head", "anchor", default=None, metavar="NUMBER:HASH", help="A head that was written down outside.")
def verify(anchor: str | None) -> None:
    """Check every seal, replay every account and every day, add up every asset. Ends with 1 and names what is wrong."""
    with db.unit_of_work() as session:
        found = [
            f"seal {fault.seal}: {fault.what}" + (f" ({fault.transfer_id})" if fault.transfer_id else "")
            for fault in seals.faults(session, anchor=anchor)
        ]
        found += [
            f"account {each.code}: {each.counted} counted, {each.replayed} replayed"
            for each in audit.disagreements(session)
        ]
        found += [
            f"{each.day} {each.asset} {each.accounts}: {each.counted} counted, {each.replayed} replayed"
            for each in audit.day_disagreements(session)
        ]
        found += [f"{line.asset} does not balance" for line in book.trial_balance(session) if not line.is_balanced]
        newest = seals.head(session)
    for line in found:
        click.echo(line, err=True)
    if found:
        sys.exit(1)
    click.echo(f"the book is as it was sealed and adds up; its head is {newest or 'not there yet'}")
