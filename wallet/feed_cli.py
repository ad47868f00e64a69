"""`mykaohsiung bills import FILE --source …`: a bureau's file from the command line, with a progress bar."""

from collections.abc import Callable
from pathlib import Path

import click

from core import clock, db
from core.errors import Problem
from core.ids import typeid
from wallet import bill_batches
from wallet.bill_batches import Batch
from wallet.double_payments import reported_elsewhere
from wallet.feed_export import refusals_file
from wallet.feed_profiles import PROFILES

_CHUNK_BYTES = 1 << 18


def import_file(path: Path, source: str, progress: Callable[[int, int], None] | None = None) -> Batch:
    """Take over a bureau's file from disk. `progress` hears the rows and bytes read so far. Raises a FeedRefused."""
    with open(path, "rb") as file, db.unit_of_work() as session:
        chunks = iter(lambda: file.read(_CHUNK_BYTES), b"")
        return bill_batches.receive(
            session,
            chunks,
            source=source,
            sender=None,
            now=clock.now(),
            on_reported_elsewhere=reported_elsewhere,
            progress=progress,
        )


@click.group("bills")
def bills_group() -> None:
    """帳單 · Bills as bureaus report them."""


@bills_group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", type=click.Choice(list(PROFILES)), required=True, help="檔案來源 · Where the file is from.")
@click.option(
    "--refusals",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="把被退回的資料寫到這個檔 · Write refused lines to this file.",
)
def import_command(file: Path, source: str, refusals: Path | None) -> None:
    """匯入一個帳單檔 · Import a bureau's file."""
    with click.progressbar(length=file.stat().st_size, label="匯入 Importing") as bar:

        def show(_rows: int, size: int) -> None:
            bar.update(size - bar.pos)

        try:
            batch = import_file(file, source, show)
        except Problem as problem:
            detail = problem.detail or problem.explanation
            raise click.ClickException(f"{problem.title.zh} · {problem.title.en}\n{detail.zh}\n{detail.en}") from None
    if batch.is_repeat:
        click.echo("這個檔案匯入過了，沒有改變 · This file was imported before; nothing has changed.")
    click.echo(
        f"{typeid('bat', batch.id)}: rows {batch.rows:,} · accepted {batch.accepted:,} · ignored {batch.ignored:,} · "
        f"refused {batch.refused:,} · changed {batch.changed:,} · unchanged {batch.unchanged:,}"
    )
    if refusals is not None:
        with open(refusals, "wb") as out:
            out.writelines(refusals_file(batch))
