"""The roster of a running copy, kept with its own command, and officers who sign in over HTTP."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys

import urllib3
from software_authenticator import SoftwareAuthenticator
from stack import ROOT, Stack

_numbers = itertools.count(1)


def officers(stack: Stack, *arguments: str) -> str:
    """Run `mykaohsiung officers …` against the running copy; what it says."""
    command = [sys.executable, "-m", "api", "officers", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=stack.environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def on_the_roster(stack: Stack, name: str, *roles: str, bureau: str = "treasury") -> tuple[str, str]:
    """Somebody new: their staff number and their enrolment code."""
    number = f"B{os.getpid()}-{next(_numbers)}"
    named = [argument for role in roles for argument in ("--role", role)]
    said = officers(stack, "add", number, "--name", name, "--bureau", bureau, *named)
    code = re.search(r"code ([0-9A-Z-]{19})", said)
    assert code is not None, said
    return number, code.group(1)


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
