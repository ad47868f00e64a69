"""Two citizens who can pay."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from paying_citizen import PayingCitizen, paying_citizen


@pytest.fixture
def mei(client: FlaskClient) -> PayingCitizen:
    """Somebody who owes two parking fees."""
    return paying_citizen(client, 1)


@pytest.fixture
def ming(client: FlaskClient) -> PayingCitizen:
    """Somebody else, who does too."""
    return paying_citizen(client, 2)
