"""The books outlive a release: what an older one began goes on."""

from __future__ import annotations

from pathlib import Path

from partners.desk.books import Books

OLDER = "CREATE TABLE IF NOT EXISTS thing (name TEXT PRIMARY KEY, colour TEXT);"
NEWER = (
    "CREATE TABLE IF NOT EXISTS thing (name TEXT PRIMARY KEY, colour TEXT, size INTEGER NOT NULL DEFAULT 7, note TEXT);"
)


def test_books_of_an_older_release_gain_the_new_columns_and_keep_their_rows(tmp_path: Path) -> None:
    with Books(tmp_path / "books.db", [OLDER], []).writing() as writing:
        writing.execute("INSERT INTO thing VALUES ('a', 'red')")
    newer = Books(tmp_path / "books.db", [NEWER], [])
    assert newer.all("SELECT * FROM thing") == [{"name": "a", "colour": "red", "size": 7, "note": None}]
    assert list(newer.each("SELECT name FROM thing WHERE size = ?", 7)) == [{"name": "a"}]
