"""Importing a bureau's file from the command line."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from feed_files import FILE_NAMES, SAMPLES, feed

from core.db import Database
from wallet.feed_cli import bills_group
from wallet.feed_profiles import PROFILES


@pytest.mark.parametrize("source", list(PROFILES))
def test_a_file_is_imported_once(database: Database, source: str) -> None:
    command = ["import", str(SAMPLES / FILE_NAMES[source]), "--source", source]
    first, again = CliRunner().invoke(bills_group, command), CliRunner().invoke(bills_group, command)
    assert first.exit_code == again.exit_code == 0, first.output
    assert "accepted" in first.output
    assert "nothing has changed" not in first.output
    assert "nothing has changed" in again.output


def test_refused_lines_are_written_to_a_file(database: Database, tmp_path: Path) -> None:
    file, refusals = tmp_path / "parking.csv", tmp_path / "refusals.csv"
    file.write_bytes(feed("parking", {}, {"應繳金額": ""}))
    done = CliRunner().invoke(bills_group, ["import", str(file), "--source", "parking", "--refusals", str(refusals)])
    assert done.exit_code == 0, done.output
    assert "refused 1" in done.output
    assert b"amount_missing" in refusals.read_bytes()


def test_a_bad_file_is_refused_in_both_languages(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "parking.csv"
    file.write_bytes(feed("parking", {})[:-1])
    done = CliRunner().invoke(bills_group, ["import", str(file), "--source", "parking"])
    assert done.exit_code == 1
    assert "檔案不完整 · The file is cut off" in done.output
    assert "Traceback" not in done.output
