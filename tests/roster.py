"""The roster of a running copy, kept with its own command, and officers who sign in over HTTP."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from collections.abc import Sequence

import urllib3
from software_authenticator import SoftwareAuthenticator
from stack import ROOT, Stack

from core import clock
from core.db import Database
from identity import officers as roster

_numbers = itertools.count(1)


def officers(stack: Stack, *arguments: str) -> str:
    """Run `mykaohsiung officers …` against the running copy; what it says."""
    command = [sys.executable, "-m", "api", "officers", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=stack.environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def on_the_roster(stack: Stack, name: str, *roles: str, bureau: str = "treasury") -> tuple[str, str]:
    """Somebody new: their staff number and their enrolment code.

    A copy whose clock is ahead is asked with the command, which knows its time; any other spares its start.
    """
    number = f"B{os.getpid()}-{next(_numbers)}"
    if "CLOCK_AHEAD_FILE" not in stack.environment:
        return number, _added(stack, number, name, roles, bureau)
    named = [argument for role in roles for argument in ("--role", role)]
    said = officers(stack, "add", number, "--name", name, "--bureau", bureau, *named)
    code = re.search(r"code ([0-9A-Z-]{19})", said)
    assert code is not None, said
    return number, code.group(1)


def _added(stack: Stack, number: str, name: str, roles: Sequence[str], bureau: str) -> str:
    database = Database(stack.database_url)
    try:
        with database.unit_of_work() as session:
            now = clock.now()
            who = roster.add(session, staff_number=number, name=name, bureau=bureau, roles=roles, now=now)
            return roster.make_code(session, who, now=now)
    finally:
        database.engine.dispose()


def officer_token(stack: Stack, *roles: str, bureau: str = "treasury") -> str:
    """The bearer token of somebody new with these roles, enrolled and signed in over HTTP."""
    _, code = on_the_roster(stack, "測試承辦", *roles, bureau=bureau)
    enrolment = f"{stack.api_url}/v1/auth/officers/enrolment"
    begun = urllib3.request("POST", f"{enrolment}/options", json={"code": code}).json()
    credential = SoftwareAuthenticator(origin=stack.url).create(begun["options"])
    body = {"ceremony_id": begun["ceremony_id"], "credential": credential}
    answer = urllib3.request("POST", f"{enrolment}/verify", json=body)
    assert answer.status == 201, answer.data
    return str(answer.json()["access_token"])
