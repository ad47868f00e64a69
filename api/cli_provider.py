"""`mykaohsiung provider`: the keys with which the OpenID provider signs."""

from __future__ import annotations

import click

from core import clock, db
from core.clock import on_the_wire
from identity.provider import keys


@click.group()
def provider_group() -> None:
    """The OpenID provider of the bureaus' own sites."""


@provider_group.command("rotate-keys")
@click.option(
    "--leaked", is_flag=True, help="The present keys have leaked: sign with new ones at once, and forget those."
)
def rotate_keys(leaked: bool) -> None:
    """Make the keys that follow: published now, signing in a day, when every site has fetched them."""
    now = clock.now()
    with db.unit_of_work() as session:
        for key in keys.rotate(session, now=now, has_leaked=leaked):
            click.echo(f"{key.alg} {key.kid} is published; signs from {on_the_wire(key.signs_from)}")


@provider_group.command("keys")
def list_keys() -> None:
    """Every key that is known: algorithm, since when it signs, whether it is published."""
    with db.unit_of_work() as session:
        for key in keys.everything(session):
            state = "withdrawn" if key.withdrawn_at else "published"
            half = "can sign" if key.private_sealed else "signs no more"
            click.echo(f"{key.alg} {key.kid} from {on_the_wire(key.signs_from)}, {state}, {half}")
