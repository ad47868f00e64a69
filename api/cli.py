"""The command `mykaohsiung`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import NoReturn

import click
from joserfc.errors import JoseError

from api import demo_bureaus
from api.cli_alerts import alerts_group
from api.cli_ledger import ledger_group
from api.cli_officers import officers_group
from api.cli_provider import provider_group
from api.prepare import prepare as prepare_database
from api.run import CannotStart
from api.run import run as run_everything
from core import clock, db, embedded
from core.settings import SettingWrong, settings
from identity import officers
from wallet.feed_cli import bills_group

_CLIENT_ID = re.compile("[a-z0-9][a-z0-9.-]{1,62}")
_ON_THE_DATABASE = ("alerts", "bills", "officers", "ledger", "provider")


@click.group()
def main_group() -> None:
    """My Kaohsiung 我的高雄: the city's backend."""


@main_group.command()
def run() -> None:
    """Start everything on this machine, until Ctrl-C."""
    click.echo("\n  Starting My Kaohsiung 我的高雄\n")
    run_everything(settings())


@main_group.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:
    """Delete everything in STATE_DIR and start over at the next run."""
    folder = settings().state_dir
    if not yes:
        click.confirm(f"Delete everything in {folder}?", abort=True)
    embedded.remove_state(folder)
    click.echo(f"{folder} is gone")


@main_group.command()
def migrate() -> None:
    """Bring DATABASE_URL to the newest revision."""
    prepare_database(_database_url())
    click.echo("at the newest revision")


@main_group.group()
def bureau() -> None:
    """Bureaus' systems that may call the API."""


@bureau.command("add-client")
@click.argument("client_id")
@click.option("--bureau", "bureau_name", required=True, type=click.Choice(officers.BUREAUS))
@click.option("--key-file", required=True, type=click.Path(path_type=Path), help="Where its private key is kept.")
def add_client(client_id: str, bureau_name: str, key_file: Path) -> None:
    """Register a bureau's system; makes the key pair if KEY_FILE is not there yet."""
    if not _CLIENT_ID.fullmatch(client_id):
        raise click.BadParameter("2 to 63 of a-z 0-9 . - beginning with a letter or digit", param_hint="CLIENT_ID")
    _database_url()
    with db.unit_of_work() as session:
        demo_bureaus.register(session, client_id, bureau_name, key_file, clock.now())
    click.echo(f"{client_id} may call for {bureau_name}; its private key is in {key_file}")


@bureau.command("assertion")
@click.argument("client_id")
@click.option("--key-file", type=click.Path(path_type=Path, exists=True), default=None)
def assertion(client_id: str, key_file: Path | None) -> None:
    """Print a signed client assertion (RFC 7523) to put to POST /oauth/token."""
    path = key_file or demo_bureaus.key_path(settings().state_dir, client_id)
    if not path.is_file():
        raise CannotStart(f"{path} holds no key: name one with --key-file, or make one with `bureau add-client`")
    click.echo(demo_bureaus.client_assertion(client_id, path, settings().public_origin, clock.now()))


main_group.add_command(alerts_group, "alerts")
main_group.add_command(bills_group, "bills")
main_group.add_command(officers_group, "officers")
main_group.add_command(ledger_group, "ledger")
main_group.add_command(provider_group, "provider")


def _database_url() -> str:
    """DATABASE_URL, or the database of the copy that runs on this machine."""
    of = settings()
    if of.database_url:
        return of.database_url
    url = embedded.running_url(of.state_dir)
    if url is None:
        raise CannotStart("no database: set DATABASE_URL, or start `mykaohsiung run` first")
    db.configure(url)
    return url


def main() -> None:
    """Run the command; whatever cannot be done is said in one line."""
    try:
        if len(sys.argv) > 1 and sys.argv[1] in _ON_THE_DATABASE and "--help" not in sys.argv:
            _database_url()
        main_group(prog_name="mykaohsiung")
    except (SettingWrong, CannotStart, embedded.EngineFailed) as problem:
        _give_up(str(problem))
    except JoseError:
        _give_up("the key file holds no P-256 private key in PEM")
    except OSError as error:
        _give_up(f"{error.filename or 'a file'}: {error.strerror or type(error).__name__}")
    except Exception as error:
        if not db.is_outage(error):
            raise
        _give_up("the database does not answer: see that it runs, and that DATABASE_URL leads to it")


def _give_up(why: str) -> NoReturn:
    click.echo(f"mykaohsiung: {why}", err=True)
    sys.exit(2)


if __name__ == "__main__":
    main()
