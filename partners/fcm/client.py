"""Push messages through Google's own SDK (firebase-admin), to Google or to a sandbox that speaks the same protocol.

The SDK as it comes waits inside the call: on 429 it sleeps the whole `Retry-After`, four times over; on 503 it tries
five times in 7 s. A worker's thread must not hang there, so retries are switched off and every failure comes back as an
outcome with the seconds to wait; our own queue does the waiting.
"""

from __future__ import annotations

import logging
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import firebase_admin
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from firebase_admin import credentials, exceptions, messaging
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.oauth2 import service_account
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.util import Retry

from partners.fcm.messages import EMERGENCY, Delivered, Outcome, Push, Refused, RetryLater, Unregistered
from partners.wire import retry_after_seconds

GOOGLE_SEND_URL = "https://fcm.googleapis.com"

# FCM asks to wait a minute when quota is used up and names no time, and ten seconds or more after other failures
# (https://firebase.google.com/docs/cloud-messaging/scale-fcm).
QUOTA_WAIT_SECONDS = 60
OTHER_WAIT_SECONDS = 10
# Until somebody has mended our own account, no message is at fault and none is given up.
CREDENTIALS_WAIT_SECONDS = 60
CONNECTIONS = 100
# From here a push wakes the phone: an important campaign, a transaction, an emergency.
_WAKES_FROM = 3
_log = logging.getLogger("mykaohsiung.partners")
_SCOPES = ("https://www.googleapis.com/auth/firebase.messaging",)


@dataclass(frozen=True, slots=True)
class FcmConfig:
    """Where pushes go. `url` empty: to Google, and then `credentials_file` (service account JSON) is needed."""

    project: str
    url: str = ""
    credentials_file: str = ""
    timeout_seconds: float = 5.0


class FcmClient:
    """Sends pushes. One per process: make it after a fork, not before. Safe to use from several threads."""

    def __init__(self, config: FcmConfig) -> None:
        options = {"projectId": config.project, "httpTimeout": config.timeout_seconds}
        # The SDK keeps a table of apps by name for the whole process; a name of its own keeps clients apart.
        name = f"mykaohsiung-{secrets.token_hex(4)}"
        self._app = firebase_admin.initialize_app(_credentials(config), options, name=name)
        self._service = messaging._get_messaging_service(self._app)
        if config.url:
            self._service._fcm_url = f"{config.url}/v1/projects/{config.project}/messages:send"
        # The SDK has no public way to change its transport; its own tests reach it by the same path.
        session = self._service._client.session
        # Else requests looks through the environment and .netrc for proxies and passwords at every single push.
        session.proxies = get_environ_proxies(self._service._fcm_url)
        session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        session.trust_env = False
        for prefix in ("http://", "https://", GOOGLE_SEND_URL):
            session.mount(prefix, _adapter())

    def send(self, push: Push) -> Outcome:
        """Sends one push. Never raises for what FCM or the network do; never waits to try again."""
        try:
            return Delivered(messaging.send(_message(push), app=self._app))
        except messaging.UnregisteredError:
            return Unregistered()
        except messaging.QuotaExceededError as error:
            return RetryLater(_wait_seconds(error) or QUOTA_WAIT_SECONDS, "provider")
        except exceptions.FirebaseError as error:
            return _outcome(error)
        except RefreshError as error:
            return RetryLater(OTHER_WAIT_SECONDS, "connection") if error.retryable else _not_let_in("CREDENTIALS")
        except GoogleAuthError:
            # The token endpoint was not reached: no message was sent.
            return RetryLater(OTHER_WAIT_SECONDS, "connection")

    def close(self) -> None:
        """Gives the connections back."""
        firebase_admin.delete_app(self._app)


_NEVER: Mapping[type[exceptions.FirebaseError], str] = {
    messaging.SenderIdMismatchError: "SENDER_ID_MISMATCH",
    exceptions.InvalidArgumentError: "INVALID_ARGUMENT",
    exceptions.NotFoundError: "NOT_FOUND",
}


class _NotGoogles(service_account.Credentials):
    """A service account of another than Google: its tokens are good at the sandbox alone."""

    def _is_regional_access_boundary_lookup_required(self) -> bool:
        # Else the library asks iamcredentials.googleapis.com about the account at its first use, in its own thread.
        return False


def _credentials(config: FcmConfig) -> Any:
    if not config.url and not config.credentials_file:
        raise ValueError("sending through Google needs a service account: set FCM_CREDENTIALS_FILE")
    if not config.url:
        return credentials.Certificate(config.credentials_file)
    sandbox_s: Any = _NotGoogles  # the library's makers of credentials are untyped
    if config.credentials_file:
        return sandbox_s.from_service_account_file(config.credentials_file, scopes=_SCOPES)
    return sandbox_s.from_service_account_info(made_up_service_account(config), scopes=_SCOPES)


def made_up_service_account(config: FcmConfig) -> dict[str, str]:
    """A service account for a sandbox: a key made now, and the sandbox's own token endpoint."""
    return {
        "type": "service_account",
        "project_id": config.project,
        "private_key_id": "sandbox",
        "private_key": _made_up_key(),
        "client_email": f"sandbox@{config.project}.iam.gserviceaccount.com",
        "client_id": "0",
        "token_uri": f"{config.url}/token",
    }


@cache
def _made_up_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _adapter() -> HTTPAdapter:
    # One try at connecting again is safe, since nothing was sent; everything else is our queue's business.
    retries = Retry(
        total=None,
        connect=1,
        read=0,
        status=0,
        other=0,
        redirect=0,
        respect_retry_after_header=False,
        allowed_methods=None,
        raise_on_status=False,
    )
    return HTTPAdapter(pool_connections=4, pool_maxsize=CONNECTIONS, max_retries=retries)


def _message(push: Push) -> messaging.Message:
    data = {**(push.data or {}), "message_id": push.message_id, "link": push.link, "urgency": str(push.urgency)}
    if push.tag:
        data["tag"] = push.tag
    if push.taken_back:
        data["withdrawn"] = ",".join(push.taken_back)
    message = messaging.Message(
        data=data,
        notification=messaging.Notification(title=push.title, body=push.body),
        android=messaging.AndroidConfig(
            ttl=timedelta(seconds=push.ttl_seconds),
            # A phone that is off keeps four keys (firebase.google.com/docs/cloud-messaging/concept-options): so one for
            # all that is silent, of which the newest is enough, and none where every message counts.
            collapse_key=None if push.urgency else "quiet",
            priority="high" if push.urgency >= _WAKES_FROM else "normal",
            notification=messaging.AndroidNotification(tag=push.place, channel_id=_android_channel(push)),
        ),
        apns=_apns(push),
        webpush=messaging.WebpushConfig(
            headers={"TTL": str(push.ttl_seconds)}, notification=messaging.WebpushNotification(tag=push.place)
        ),
    )
    # The SDK deprecates its `token` argument while phones still have tokens and nothing else; the field itself stays.
    if push.address_kind == "fid":
        message.fid = push.address
    else:
        message.token = push.address
    return message


def _android_channel(push: Push) -> str:
    """The channel under which the phone files it: each has its own sound, and its owner may silence each by itself."""
    if push.urgency >= EMERGENCY:
        return "emergency"
    return "messages" if push.makes_sound else "quiet"


def _apns(push: Push) -> messaging.APNSConfig:
    """Apple's headers: a repeat collapses into the first; what has lapsed is not delivered; only what is urgent wakes
    the phone (developer.apple.com, Sending notification requests to APNs)."""
    headers = {
        "apns-collapse-id": push.place[:64],
        "apns-expiration": str(int(time.time()) + push.ttl_seconds),
        "apns-priority": "10" if push.urgency >= _WAKES_FROM else "5",
    }
    level = "time-sensitive" if push.urgency >= EMERGENCY else "active" if push.makes_sound else "passive"
    aps = messaging.Aps(sound="default" if push.makes_sound else None, custom_data={"interruption-level": level})
    return messaging.APNSConfig(headers=headers, payload=messaging.APNSPayload(aps))


def _outcome(error: exceptions.FirebaseError) -> Outcome:
    for kind, code in _NEVER.items():
        if isinstance(error, kind):
            return Refused(code)
    if isinstance(error, messaging.ThirdPartyAuthError):
        # The key for Apple's phones alone: the others are sent to meanwhile.
        _log.error("FCM does not take our key for APNs")
        return RetryLater(CREDENTIALS_WAIT_SECONDS)
    if isinstance(error, exceptions.PermissionDeniedError | exceptions.UnauthenticatedError):
        return _not_let_in(error.code)
    wait = _wait_seconds(error)
    if wait is not None:
        return RetryLater(wait, "provider")
    return RetryLater(OTHER_WAIT_SECONDS, "connection")


def _not_let_in(code: str) -> RetryLater:
    _log.error("FCM does not take our credentials: %s", code)
    return RetryLater(CREDENTIALS_WAIT_SECONDS, "provider")


def _wait_seconds(error: exceptions.FirebaseError) -> int | None:
    """What the answer's Retry-After says; None where it says nothing, or nothing answered."""
    response: Any = error.http_response
    header = None if response is None else response.headers.get("Retry-After")
    return None if header is None else retry_after_seconds(header, default=OTHER_WAIT_SECONDS)
