"""Our provider against a relying party that others wrote: npm openid-client.

The module names are those of the OpenID Foundation's conformance suite (its Basic OP plan, and its plans for discovery,
key rotation and logout); the suite itself needs Java and MongoDB and is not run here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from node_packages import FOLDER, node
from provider_bench import ProviderBench, served

from api import prepare
from core import db, embedded

# Modules of the Basic OP plan that need what is not offered here, and why not. Each is run all the same: it shows that
# the thing is not offered, and that asking for it gets nothing.
DO_NOT_APPLY = {
    "oidcc-idtoken-unsigned": "an ID token that nobody signed could be anybody's: alg none is not offered (RFC 9700 §2.1)",
    "oidcc-scope-email": "the register of people holds no e-mail addresses",
    "oidcc-scope-address": "addresses belong to the household register, which is not asked",
}
BASIC_OP_PLAN = (
    "oidcc-server",
    "oidcc-response-type-missing",
    "oidcc-idtoken-signature",
    "oidcc-idtoken-unsigned",
    "oidcc-userinfo-get",
    "oidcc-userinfo-post-header",
    "oidcc-userinfo-post-body",
    "oidcc-ensure-request-without-nonce-succeeds-for-code-flow",
    "oidcc-scope-profile",
    "oidcc-scope-email",
    "oidcc-scope-address",
    "oidcc-scope-phone",
    "oidcc-scope-all",
    "oidcc-alternate-happy-flow",
    "oidcc-display-page",
    "oidcc-display-popup",
    "oidcc-prompt-login",
    "oidcc-prompt-none-not-logged-in",
    "oidcc-prompt-none-logged-in",
    "oidcc-max-age-1",
    "oidcc-max-age-10000",
    "oidcc-ensure-request-with-unknown-parameter-succeeds",
    "oidcc-id-token-hint",
    "oidcc-login-hint",
    "oidcc-ui-locales",
    "oidcc-claims-locales",
    "oidcc-ensure-request-with-acr-values-succeeds",
    "oidcc-codereuse",
    "oidcc-codereuse-30seconds",
    "oidcc-ensure-registered-redirect-uri",
    "oidcc-ensure-post-request-succeeds",
    "oidcc-server-client-secret-post",
    "oidcc-request-uri-unsigned",
    "oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported",
    "oidcc-claims-essential",
    "oidcc-ensure-request-object-with-redirect-uri",
    "oidcc-refresh-token",
    "oidcc-ensure-request-with-valid-pkce-succeeds",
)
FROM_OTHER_PLANS = (
    "oidcc-discovery-endpoint-verification",
    "oidcc-redirect-uri-query-added",
    "oidcc-redirect-uri-query-mismatch",
    "oidcc-rp-initiated-logout",
    "oidcc-rp-initiated-logout-bad-id-token-hint",
    "oidcc-rp-initiated-logout-bad-post-logout-redirect-uri",
    "oidcc-rp-initiated-logout-no-params",
    "oidcc-rp-initiated-logout-only-state",
    "oidcc-backchannel-rp-initiated-logout",
    "oidcc-server-rotate-keys",
)
OF_OUR_OWN = (
    "redirect-uri-only-like-a-registered-one",
    "redirect-uri-differs-at-the-token-endpoint",
    "par-and-private-key-jwt",
    "par-of-another-site",
    "par-lapses",
    "par-is-checked-before-anybody-sees-it",
    "a-site-that-pushes-is-answered-nothing-else",
    "code-of-one-site-at-another",
    "two-codes-in-parallel",
    "one-code-fifty-times-at-once",
    "subjects-are-pairwise",
    "form-post-response-mode",
)


@pytest.fixture(scope="module")
def provider(postgres: embedded.Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProviderBench]:
    node()
    name = f"provider_{os.getpid()}"
    embedded.make_database(postgres, name, template="template")
    current = db.configure(postgres.url(name))
    with current.unit_of_work() as session:
        prepare.seed(session)
    with served(Path(tmp_path_factory.mktemp("provider"))) as bench:
        yield bench
    current.engine.dispose()


@pytest.mark.parametrize("module", [name for name in BASIC_OP_PLAN if name not in DO_NOT_APPLY])
def test_basic_op_plan(provider: ProviderBench, module: str) -> None:
    provider.run(module)


@pytest.mark.parametrize("module", DO_NOT_APPLY)
def test_modules_that_do_not_apply_ask_for_what_is_not_offered(provider: ProviderBench, module: str) -> None:
    provider.run(module)


@pytest.mark.parametrize("module", FROM_OTHER_PLANS)
def test_modules_of_other_plans(provider: ProviderBench, module: str) -> None:
    provider.run(module)


@pytest.mark.parametrize("module", OF_OUR_OWN)
def test_row_18_what_one_site_tries_on_another(provider: ProviderBench, module: str) -> None:
    provider.run(module)


def test_every_module_of_the_plan_is_here_once_and_every_script_is_run() -> None:
    assert len(BASIC_OP_PLAN) == len(set(BASIC_OP_PLAN)) == 38
    assert DO_NOT_APPLY.keys() <= set(BASIC_OP_PLAN) and all(DO_NOT_APPLY.values())
    scripts = (FOLDER / "basic_op_modules.mjs").read_text() + (FOLDER / "more_modules.mjs").read_text()
    written = set(re.findall(r'^  "([a-z0-9-]+)":', scripts, re.MULTILINE))
    assert written == {*BASIC_OP_PLAN, *FROM_OTHER_PLANS, *OF_OUR_OWN}
