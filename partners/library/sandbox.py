"""The library's pages: who one is, the rooms, signing in with the city, and out again."""

from __future__ import annotations

import logging
import secrets
import time
from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, render_template, request

from partners.desk.books import Row
from partners.desk.protocol import Desk
from partners.library import visits
from partners.library.city_sign_in import CitySignIn, SignInFailed
from partners.library.keys import key_in

ROOMS = {"a": ("討論室 A（6 人）", "Room A (6 seats)"), "b": ("討論室 B（12 人）", "Room B (12 seats)")}
HOME = "/library"
RESERVING_LEVEL = 3
RESERVING_MAX_AGE_SECONDS = 600
_VISIT, _SIGN_IN = "library_visit", "library_sign_in"
_log = logging.getLogger("mykaohsiung.library")


def blueprint(desk: Desk, state_dir: Path, issuer: str, own_url: str) -> Blueprint:
    """The site at `own_url`/library, whose people sign in at the provider `issuer`."""
    site = Blueprint("library", __name__, template_folder="templates")
    city = CitySignIn(issuer, key_in(state_dir), f"{own_url}{HOME}")
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(own_url))

    @site.get(HOME)
    def home() -> Response:
        visit = _visit(desk)
        booked = visits.bookings_of(desk.books, visit["subject"]) if visit else []
        return _page(
            issuer, rooms=ROOMS, visit=visit, said=request.args.get("said"),
            booked=[ROOMS[room] for room in booked if room in ROOMS], wanted=ROOMS.get(request.args.get("room", "")),
            wanted_room=request.args.get("room"),
        )  # fmt: skip

    @site.get(f"{HOME}/sign-in")
    def sign_in() -> Response:
        return _to_the_city(desk, city, HOME)

    @site.get(f"{HOME}/callback")
    def callback() -> Response:
        begun = visits.take_sign_in(desk.books, request.cookies.get(_SIGN_IN, ""))
        if begun is None:
            return _home("lapsed")
        try:
            person = city.person(begun[0], request.args)
        except SignInFailed as failure:
            _log.warning("nobody signed in: %s", failure)
            return _home("declined" if request.args.get("error") == "access_denied" else "failed")
        cookie = visits.begin(desk.books, person, request.cookies.get(_VISIT, ""))
        return _with_cookie(_sent_to(begun[1]), _VISIT, cookie)

    @site.post(f"{HOME}/reservations")
    def reserve() -> Response:
        visit, room = _visit(desk), request.form.get("room", "")
        if not _comes_from_here(origin) or visit is None or room not in ROOMS:
            return _home("failed")
        is_fresh = time.time() - visit["auth_time"] <= RESERVING_MAX_AGE_SECONDS
        if visit["level"] < RESERVING_LEVEL or not is_fresh:
            onward = f"{HOME}?room={room}"
            return _to_the_city(desk, city, onward, level=RESERVING_LEVEL, max_age=RESERVING_MAX_AGE_SECONDS)
        visits.book(desk.books, visit["subject"], room)
        return _home("booked")

    @site.post(f"{HOME}/sign-out")
    def sign_out() -> Response:
        visit = _visit(desk)
        if not _comes_from_here(origin) or visit is None:
            return _home("signed-out")
        visits.end(desk.books, request.cookies[_VISIT])
        try:
            return _sent_to(city.sign_out_address(visit["id_token"], secrets.token_urlsafe(12)))
        except SignInFailed:
            return _home("signed-out")

    @site.get(f"{HOME}/signed-out")
    def signed_out() -> Response:
        return _home("signed-out")

    @site.post(f"{HOME}/backchannel-logout")
    def backchannel_logout() -> Response:
        try:
            sid, jti = city.ended_session(request.form.get("logout_token", ""))
        except SignInFailed as failure:
            _log.warning("a logout token was not believed: %s", failure)
            return Response(status=400, headers={"Cache-Control": "no-store"})
        visits.end_by_city(desk.books, sid, jti)
        return Response(status=200, headers={"Cache-Control": "no-store"})

    return site


def _to_the_city(
    desk: Desk, city: CitySignIn, onward: str, *, level: int | None = None, max_age: int | None = None
) -> Response:
    begun = city.begin()
    language = request.accept_languages.best_match(["zh-TW", "zh", "en"]) or "zh-TW"
    try:
        address = city.address(begun, language=language, level=level, max_age=max_age)
    except SignInFailed as failure:
        _log.warning("no sign-in could begin: %s", failure)
        return _home("failed")
    return _with_cookie(_sent_to(address), _SIGN_IN, visits.keep_sign_in(desk.books, begun, onward))


def _visit(desk: Desk) -> Row | None:
    return visits.current(desk.books, request.cookies.get(_VISIT, ""))


def _comes_from_here(origin: str) -> bool:
    return request.headers.get("Origin") == origin


def _home(said: str) -> Response:
    return _sent_to(f"{HOME}?said={said}")


def _sent_to(address: str) -> Response:
    answer = redirect(address, 303)
    assert isinstance(answer, Response)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _with_cookie(answer: Response, name: str, value: str) -> Response:
    # Lax, as the browser comes back from the city's site; without Secure, as the sandbox is on the loopback.
    answer.set_cookie(name, value, path=HOME, httponly=True, samesite="Lax")
    return answer


def _page(city_origin: str, **values: object) -> Response:
    nonce = secrets.token_urlsafe(12)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self' {city_origin}; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return Response(
        render_template("library/home.html", nonce=nonce, **values),
        headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"},
        content_type="text/html; charset=utf-8",
    )
