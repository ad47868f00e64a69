"""`mykaohsiung alerts`: whose signature on an alert is trusted, and signing one."""

from __future__ import annotations

from pathlib import Path

import click
from cryptography import x509

from core import clock, db
from core.errors import Problem
from identity import officers
from notify.alerts import senders
from partners.cap import reading, signature

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def alerts_group() -> None:
    """Alerts: the senders whose signature sends one without a duty officer."""


@alerts_group.command("trust")
@click.argument("sender")
@click.option("--certificate", required=True, type=_FILE, help="Their X.509 certificate in PEM.")
@click.option("--bureau", type=click.Choice(officers.BUREAUS), help="Whose system brings them; none: the feed.")
def trust(sender: str, certificate: Path, bureau: str | None) -> None:
    """Send what SENDER signs by this certificate at once, from now on; the certificate before it counts no more."""
    try:
        with db.unit_of_work() as session:
            of = senders.register(session, sender, certificate.read_text(), bureau=bureau, now=clock.now())
    except ValueError:
        raise click.BadParameter("holds no X.509 certificate in PEM", param_hint="--certificate") from None
    brought = f"brought by {bureau}'s system" if bureau else "from the feed"
    click.echo(f"{sender} is trusted {brought}, until {of.not_valid_after_utc:%Y-%m-%d}")


@alerts_group.command("distrust")
@click.argument("sender")
def distrust(sender: str) -> None:
    """Trust SENDER's signature no longer: two duty officers confirm what it signs."""
    with db.unit_of_work() as session:
        was_trusted = senders.revoke(session, sender, clock.now())
    click.echo(f"{sender} is trusted no longer" if was_trusted else f"{sender} was not trusted")


@alerts_group.command("senders")
def list_senders() -> None:
    """Every sender who is trusted."""
    with db.unit_of_work() as session:
        for each in senders.trusted(session):
            until = x509.load_pem_x509_certificate(each.certificate_pem.encode()).not_valid_after_utc
            click.echo(f"{each.sender}  {each.bureau or 'feed'}  until {until:%Y-%m-%d}")


@alerts_group.command("sign")
@click.argument("document", type=_FILE)
@click.option("--key", required=True, type=_FILE, help="The private key in PEM.")
@click.option("--certificate", required=True, type=_FILE, help="Its certificate in PEM.")
def sign(document: Path, key: Path, certificate: Path) -> None:
    """Print DOCUMENT (CAP 1.2) with an enveloped signature."""
    content = document.read_bytes()
    try:
        reading.read(content)
    except Problem as problem:
        raise click.BadParameter(
            problem.detail.en if problem.detail else problem.title.en, param_hint="DOCUMENT"
        ) from None
    click.echo(signature.signed(content, key.read_bytes(), certificate.read_bytes()))
