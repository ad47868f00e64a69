"""The command `mykaohsiung`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from api import demo_bureaus
from api.prepare import prepare as prepare_database
from api.run import CannotStart
from api.run import run as run_everything
from core import clock, db, embedded
from core.settings import SettingWrong, settings
from wallet.feed_cli import bills_group


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
@click.option("--bureau", "bureau_name", required=True, type=click.Choice(["parking", "fines", "treasury"]))
@click.option("--key-file", required=True, type=click.Path(path_type=Path), help="Where its private key is kept.")
def add_client(client_id: str, bureau_name: str, key_file: Path) -> None:
    """Register a bureau's system; makes the key pair if KEY_FILE is not there yet."""
    _database_url()
    with db.unit_of_work() as session:
        demo_bureaus.register(session, client_id, bureau_name, key_file, clock.now())
    click.echo(f"{client_id} may send bills of {bureau_name}; its private key is in {key_file}")


@bureau.command("assertion")
@click.argument("client_id")
@click.option("--key-file", type=click.Path(path_type=Path, exists=True), default=None)
def assertion(client_id: str, key_file: Path | None) -> None:
    """Print a signed client assertion (RFC 7523) to put to POST /oauth/token."""
    path = key_file or demo_bureaus.key_path(settings().state_dir, client_id)
    click.echo(demo_bureaus.client_assertion(client_id, path, settings().public_origin, clock.now()))


main_group.add_command(bills_group, "bills")


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
        if len(sys.argv) > 1 and sys.argv[1] == "bills" and "--help" not in sys.argv:
            _database_url()
        main_group()
    except (SettingWrong, CannotStart, embedded.EngineFailed) as problem:
        click.echo(f"mykaohsiung: {problem}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
