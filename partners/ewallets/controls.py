"""The hands on the sandbox wallets' clock: close a day, so that its settlement file is there."""

from __future__ import annotations

from flask import Blueprint, Response

from partners.desk.protocol import Desk
from partners.desk.switches_api import back_to, is_form, json_answer
from partners.ewallets.books import close_day


def blueprint(desk: Desk) -> Blueprint:
    """Routes under /books/ewallets that change something; reading is the books' own."""
    api = Blueprint("ewallet_controls", __name__, url_prefix="/books/ewallets")

    @api.post("/<any('jkopay', 'line_pay'):wallet>/day-close")
    def close(wallet: str) -> Response:
        with desk.books.writing() as writing:
            file = close_day(writing, wallet)
        if is_form():
            return back_to("wallets")
        return json_answer({name: value for name, value in file.items() if name != "content"})

    return api
