"""The nightly status file over HTTP."""

from __future__ import annotations

from datetime import date

from core import db
from core.errors import NotFound
from core.http import Answer, Call, Routes, bureau
from core.text import Text
from wallet.feed_export import CHARSETS
from wallet.feed_profiles import PROFILES
from wallet.status_files import StatusFileNotReady, must_be_ready, status_file

routes = Routes("bureaus")


@routes.get(
    "/v1/bureau/status-files/<day>",
    access=bureau(scope="notices:read"),
    answers={200: None},
    content_types=("text/csv",),
    answer_headers={200: {"Content-Disposition": "a file name to save it under"}},
    problems=[NotFound, StatusFileNotReady],
    own_units=True,
    shows_person_data=False,
    summary=Text("每日銷帳檔", "Status file of a day"),
)
def download_status_file(call: Call) -> Answer:
    """What became of this bureau's bills with us on a day (YYYY-MM-DD, Taipei), as CSV with header and trailer."""
    of, day = call.actor.bureau, _day(call.path["day"])
    if of not in PROFILES:
        raise NotFound
    with db.unit_of_work() as session:
        must_be_ready(session, day, call.now)
    return Answer(
        raw=status_file(of, day),
        content_type=f"text/csv; charset={CHARSETS[PROFILES[of].encoding]}",
        headers={"Content-Disposition": f'attachment; filename="status-{of}-{day.isoformat()}.csv"'},
    )


def _day(written: str) -> date:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise NotFound from None
    if day.isoformat() != written or not 2000 <= day.year <= 9000:
        raise NotFound
    return day
