"""Somebody at a provider's page: what a browser would send, by program."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import urllib3

_http = urllib3.PoolManager(retries=False)


@dataclass(frozen=True)
class ProvidersAnswer:
    """What a provider sent the browser back with: the address, how, and the members of its answer."""

    target: str
    method: str
    members: dict[str, str]


def approve(authorize_url: str, account: str = "mei", **form: str) -> ProvidersAnswer:
    """Agrees as the holder of an account at LINE, Google or Apple."""
    return sent_back(authorize_url, new_account=account, decision="approve", **form)


def deny(authorize_url: str) -> ProvidersAnswer:
    """Turns the city down."""
    return sent_back(authorize_url, decision="deny")


def confirm_on_phone(authorize_url: str, national_id: str, name: str = "", *, number: str = "") -> ProvidersAnswer:
    """Gives an ID number, then chooses the number shown (or `number`) on the phone, with a fingerprint."""
    page = post(authorize_url, national_id=national_id, name=name)
    assert page.status == 200, page.data.decode()
    text = page.data.decode()
    prompt, shown = re.search(r'name="prompt" value="([^"]+)"', text), re.search(r'data-number="(\d+)"', text)
    assert prompt and shown, text
    return sent_back(authorize_url, prompt=prompt[1], number=number or shown[1], decision="approve")


def sent_back(authorize_url: str, **form: str) -> ProvidersAnswer:
    """Sends a form of the provider's page; what the browser then brings to the city."""
    answer = post(authorize_url, **form)
    if answer.status == 303:
        target, _, query = str(answer.headers["location"]).partition("?")
        return ProvidersAnswer(target, "GET", {name: values[0] for name, values in parse_qs(query).items()})
    text = answer.data.decode()
    target_of = re.search(r'<form[^>]* action="([^"]+)"', text)
    assert answer.status == 200 and target_of, f"{answer.status} {text}"
    members = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', text)
    return ProvidersAnswer(unescape(target_of[1]), "POST", {name: unescape(value) for name, value in members})


def post(url: str, **form: str) -> Any:
    """A form, as a browser sends it."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return _http.request("POST", url, body=urlencode(form), headers=headers, redirect=False)


def asked(authorize_url: str) -> dict[str, str]:
    """The parameters of an authorization request."""
    return {name: values[0] for name, values in parse_qs(urlsplit(authorize_url).query).items()}
