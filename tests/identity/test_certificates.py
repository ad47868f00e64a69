"""Signing in by citizen certificate over HTTP: who gets in, as whom, and everything that is refused by its name."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from card_reader import CardHolder, altered, plug_in, slug_of
from identity_city import MEI, MING, ORIGIN, City, invented

from core import clock
from core.certificate_settings import CertificateSettings
from identity import people


@pytest.fixture(autouse=True)
def pinned(city: City, tmp_path: Path) -> CertificateSettings:
    """The city trusts the sandbox's root."""
    return plug_in(city.outside, tmp_path)


def at_home(city: City, person: tuple[str, str, str] = MEI, *, is_registered: bool = False, **more: str) -> CardHolder:
    """Somebody with a card, who need not be registered."""
    return CardHolder(city.enrolled(person, **more) if is_registered else city.phone(person, **more))


def name_of(city: City, national_id: str) -> str | None:
    with city.database.unit_of_work() as session:
        person = people.find(session, national_id)
        return people.name_of(session, person.id) if person else None


def nobody_got_in(city: City) -> bool:
    return bool(city.sql("SELECT count(*) FROM identity.session") == [(0,)]) and bool(
        city.sql("SELECT count(*) FROM identity.person") == [(0,)]
    )


# Who gets in


def test_whoever_holds_a_card_is_registered_by_it_at_the_highest_level(city: City) -> None:
    mei = at_home(city)
    answer = mei.sign_in()
    assert answer.status_code == 200, answer.json
    assert answer.json["acr"] == "urn:mykaohsiung:loa:4"
    assert answer.json["amr"] == ["sc", "pin"] and answer.json["phishing_resistant"] is True
    assert name_of(city, MEI[0]) == "王小美"
    me = mei.phone.get("/v1/me").json
    assert (me["national_id"], me["mobile"]) == ("A12****789", None)
    assert city.sql("SELECT proofing_level, password_hash, mobile_sealed FROM identity.person") == [(4, None, None)]
    assert city.sql("SELECT level, method FROM identity.proofing") == [(4, "certificate")]


def test_a_registered_citizen_rises_to_proofing_four_and_keeps_password_and_mobile(city: City) -> None:
    mei = at_home(city, is_registered=True)
    assert mei.sign_in().json["acr"] == "urn:mykaohsiung:loa:4"
    assert city.sql("SELECT proofing_level FROM identity.person") == [(4,)]
    again = city.phone(MEI)
    assert again.sign_in().json["acr"] == "urn:mykaohsiung:loa:2"
    told = " ".join(city.messages_to(MEI[1]))
    assert "自然人憑證第一次登入" in told and "您的身分已確認" in told


def test_a_known_certificate_needs_no_id_number_and_the_issuer_is_not_asked_again(city: City) -> None:
    mei = at_home(city)
    assert slug_of(mei.sign_in(national_id=None)) == "certificate-id-number-needed"
    first = mei.sign_in()
    city.outside.set_switch("moica", "match", "error_500")
    second = at_home(city).sign_in(national_id=None)
    assert second.status_code == 200
    assert second.json["person_id"] == first.json["person_id"]


def test_a_renewed_card_is_known_by_the_number_that_it_keeps(city: City) -> None:
    mei = at_home(city)
    first = mei.sign_in()
    mei.reader.renew()
    again = at_home(city).sign_in(national_id=None)
    assert again.json["person_id"] == first.json["person_id"]
    assert len(mei.phone.get("/v1/me/certificates").json["items"]) == 1


def test_the_words_to_sign_name_site_purpose_and_moment_and_never_come_twice(city: City) -> None:
    mei = at_home(city)
    first, second = mei.challenge(), mei.challenge()
    words = base64.b64decode(first["to_be_signed"]).decode()
    assert words == first["words"]
    assert f"site: {ORIGIN}\n" in words and first["challenge_id"] in words
    assert "登入高雄市政府" in words and "pays nothing" in words
    nonces = {line for one in (first, second) for line in one["words"].split("\n") if line.startswith("nonce: ")}
    assert len(nonces) == 2 and all(len(nonce) == len("nonce: ") + 43 for nonce in nonces)


def test_in_a_browser_session_and_secret_of_the_challenge_are_cookies_that_no_script_reads(city: City) -> None:
    mei = at_home(city, transport="cookie")
    given = mei.phone.post("/v1/auth/certificate/challenge", {"transport": "cookie"})
    assert given.json["challenge_secret"] is None
    cookie = given.headers["Set-Cookie"]
    assert cookie.startswith("__Host-certificate=") and "; Secure; HttpOnly; SameSite=Strict" in cookie
    answer = mei.sign_in(challenge_secret=None)
    assert answer.status_code == 200 and answer.json["access_token"] is None
    assert mei.phone.get("/v1/me").status_code == 200


def test_a_device_can_be_remembered_from_a_certificate_on(city: City) -> None:
    assert at_home(city).sign_in(remember=True).status_code == 200
    ((remembered_until,),) = city.sql("SELECT remembered_until FROM identity.session")
    assert remembered_until > clock.now()


@pytest.mark.parametrize("algorithm", ["RS384", "PS256"])
def test_the_algorithm_that_is_named_is_the_one_that_is_checked(city: City, algorithm: str) -> None:
    mei = at_home(city)
    assert slug_of(mei.sign_in(algorithm=algorithm)) == "certificate-signature-refused"


# Whose it is


def test_an_id_number_of_another_end_than_the_certificates_is_refused_without_asking_the_issuer(city: City) -> None:
    city.outside.set_switch("moica", "match", "error_500")
    answer = at_home(city).sign_in(national_id=MING[0])
    assert (answer.status_code, slug_of(answer)) == (403, "certificate-not-theirs")
    assert nobody_got_in(city)


def test_somebody_elses_id_number_of_the_same_end_is_refused_by_the_issuer(city: City) -> None:
    mei = at_home(city)
    same_end = next(person[0] for number in range(10**6) if (person := invented(number))[0].endswith(MEI[0][-4:]))
    assert slug_of(mei.sign_in(national_id=same_end)) == "certificate-not-theirs"
    assert nobody_got_in(city)


def test_a_known_certificate_with_another_id_number_is_refused(city: City) -> None:
    mei = at_home(city)
    mei.sign_in()
    assert slug_of(at_home(city).sign_in(national_id=MING[0])) == "certificate-not-theirs"


def test_while_the_issuer_is_silent_about_whose_it_is_nobody_gets_in(city: City) -> None:
    city.outside.set_switch("moica", "match", "error_500")
    answer = at_home(city).sign_in()
    assert (answer.status_code, slug_of(answer)) == (503, "unavailable")
    assert nobody_got_in(city)


def test_the_issuer_is_asked_about_one_certificate_ten_times_a_day(city: City) -> None:
    mei = at_home(city)
    same_end = [person[0] for number in range(10**5) if (person := invented(number))[0].endswith(MEI[0][-4:])]
    slugs = [slug_of(mei.sign_in(national_id=number)) for number in same_end[:10]]
    assert set(slugs) == {"certificate-not-theirs"} and len(slugs) == 10
    assert slug_of(mei.sign_in()) == "method-locked"


def test_an_id_number_that_was_only_said_goes_to_whoever_holds_the_card(city: City) -> None:
    # The number on whose contract the mobile is belongs to somebody else, so the registration proves nothing.
    city.outside.put("sms/numbers", national_id=MING[0], mobile="0955000111")
    squatter = city.phone((MEI[0], "0955000111", "a long password"))
    assert squatter.give_code(squatter.register()).json["acr"] == "urn:mykaohsiung:loa:1"
    mei = at_home(city)
    assert mei.sign_in().json["acr"] == "urn:mykaohsiung:loa:4"
    assert squatter.get("/v1/me").status_code == 401
    assert squatter.log_in().status_code == 401
    assert mei.phone.get("/v1/me").json["mobile"] is None


def test_whoever_has_just_signed_in_keeps_what_they_said_of_themselves(city: City) -> None:
    city.outside.put("sms/numbers", national_id=MING[0], mobile="0955000111")
    phone = city.phone((MEI[0], "0955000111", "a long password"))
    phone.give_code(phone.register())
    mei = CardHolder(phone)
    assert mei.sign_in().json["acr"] == "urn:mykaohsiung:loa:4"
    assert phone.get("/v1/me").json["mobile"] == "09******11"
    again = city.phone((MEI[0], "0955000111", "a long password"))
    assert again.sign_in().json["acr"] == "urn:mykaohsiung:loa:2"


def test_a_session_left_open_an_hour_ago_does_not_hand_over_what_was_only_said(city: City) -> None:
    city.outside.put("sms/numbers", national_id=MING[0], mobile="0955000111")
    squatter = city.phone((MEI[0], "0955000111", "a long password"))
    squatter.give_code(squatter.register())
    city.sql("UPDATE identity.session SET auth_time = auth_time - interval '16 minutes'")
    CardHolder(squatter).sign_in()
    assert city.phone((MEI[0], "0955000111", "a long password")).log_in().status_code == 401


def test_a_card_in_a_browser_where_somebody_else_is_signed_in_is_refused(city: City) -> None:
    ming = city.enrolled(MING)
    ming.sign_in()
    mei = at_home(city)
    mei.phone.token = ming.token
    assert slug_of(mei.sign_in()) == "certificate-of-another"
    assert ming.get("/v1/me").json["national_id"] == "E17****328"
    assert city.sql("SELECT count(*) FROM identity.person") == [(1,)]


def test_the_session_changes_at_the_rise_and_the_old_one_is_dead(city: City) -> None:
    mei = at_home(city, is_registered=True)
    mei.phone.sign_in()
    before = mei.phone.token
    assert mei.sign_in().status_code == 200
    assert mei.phone.token != before
    assert mei.phone.send("GET", "/v1/me", token=before).status_code == 401


def test_first_sign_ins_at_once_make_one_person_and_one_certificate(city: City) -> None:
    people_at_once = [at_home(city) for _ in range(4)]
    ready = [(one, challenge := one.challenge(), one.reader.sign(challenge["to_be_signed"])) for one in people_at_once]
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda each: each[0].verify(each[1], each[2]).status_code, ready))
    assert statuses == [200] * 4
    assert city.sql("SELECT count(*) FROM identity.person") == [(1,)]
    assert city.sql("SELECT count(*) FROM identity.certificate") == [(1,)]


# What is refused, each by its own name


@pytest.mark.parametrize(
    ("wrong", "status", "slug"),
    [
        ("expired_certificate", 403, "certificate-expired"),
        ("not_yet_valid_certificate", 403, "certificate-not-yet-valid"),
        ("revoked_certificate", 403, "certificate-revoked"),
        ("other_root", 403, "certificate-root-unknown"),
        ("broken_chain", 403, "certificate-chain-broken"),
        ("wrong_policy", 403, "certificate-policy-wrong"),
        ("encryption_certificate", 403, "certificate-use-wrong"),
        ("sha1_signature", 401, "certificate-signature-refused"),
    ],
)
def test_a_certificate_or_signature_with_one_thing_wrong_is_refused_by_its_name(
    city: City, wrong: str, status: int, slug: str
) -> None:
    mei = at_home(city)
    mei.reader.shows(wrong)
    answer = mei.sign_in()
    assert (answer.status_code, slug_of(answer)) == (status, slug)
    assert nobody_got_in(city)


@pytest.mark.parametrize(
    ("wrong", "slug"),
    [
        ("error_500", "revocation-list-unreachable"),
        ("huge_crl", "revocation-list-unreachable"),
        ("stale_crl", "revocation-list-stale"),
        ("crl_wrong_signer", "revocation-list-not-trusted"),
    ],
)
@pytest.mark.parametrize("name", ["issuing", "root"])
def test_without_a_revocation_list_that_counts_nobody_gets_in(city: City, name: str, wrong: str, slug: str) -> None:
    city.outside.set_switch("moica", "crl", wrong, match={"name": name})
    answer = at_home(city).sign_in()
    assert (answer.status_code, slug_of(answer)) == (503, slug)
    assert int(answer.headers["Retry-After"]) > 0
    assert nobody_got_in(city)


def test_a_list_at_an_address_that_is_not_pinned_is_never_fetched(city: City, tmp_path: Path) -> None:
    plug_in(city.outside, tmp_path, list_origins=("http://127.0.0.1:9",))
    answer = at_home(city).sign_in()
    assert (answer.status_code, slug_of(answer)) == (503, "revocation-list-not-trusted")
    assert city.sql("SELECT count(*) FROM identity.revocation_list") == [(0,)]


def test_where_no_root_is_pinned_no_words_are_given_out(city: City, tmp_path: Path) -> None:
    plug_in(city.outside, tmp_path, roots_file=None)
    assert city.phone().post("/v1/auth/certificate/challenge").status_code == 503


def test_what_is_no_certificate_is_refused(city: City) -> None:
    mei = at_home(city)
    challenge = mei.challenge()
    signed = mei.reader.sign(challenge["to_be_signed"])
    cut = base64.b64encode(base64.b64decode(signed["certificates"][0])[:300]).decode()
    answer = mei.verify(challenge, signed, certificates=[cut])
    assert (answer.status_code, slug_of(answer)) == (422, "certificate-unreadable")


def test_a_certificate_that_was_altered_leads_nowhere(city: City) -> None:
    mei = at_home(city)
    challenge = mei.challenge()
    signed = mei.reader.sign(challenge["to_be_signed"])
    leaf, *above = signed["certificates"]
    answer = mei.verify(challenge, signed, certificates=[altered(leaf), *above])
    assert slug_of(answer) == "certificate-chain-broken"


def test_another_persons_certificate_with_ones_own_signature_is_refused(city: City) -> None:
    mei, ming = at_home(city), at_home(city, MING)
    challenge = mei.challenge()
    signed, other = mei.reader.sign(challenge["to_be_signed"]), ming.reader.sign(challenge["to_be_signed"])
    answer = mei.verify(challenge, signed, certificates=other["certificates"], national_id=MING[0])
    assert slug_of(answer) == "certificate-signature-refused"


# Words that were signed before, elsewhere, by another, too late


def test_a_signature_signs_in_once_whatever_came_of_it(city: City) -> None:
    mei = at_home(city)
    challenge = mei.challenge()
    signed = mei.reader.sign(challenge["to_be_signed"])
    assert mei.verify(challenge, signed).status_code == 200
    mei.phone.token = None
    assert slug_of(mei.verify(challenge, signed)) == "certificate-challenge-refused"
    failed = mei.challenge()
    assert mei.verify(failed, signed).status_code == 401, "a signature over other words"
    assert slug_of(mei.verify(failed, mei.reader.sign(failed["to_be_signed"]))) == "certificate-challenge-refused"


def test_one_signature_sent_from_many_places_at_once_begins_one_session(city: City) -> None:
    mei = at_home(city)
    challenge = mei.challenge()
    signed = mei.reader.sign(challenge["to_be_signed"])
    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(lambda _: at_home(city).verify(challenge, signed).status_code, range(6)))
    assert sorted(statuses) == [200] + [409] * 5


def test_words_that_another_browser_asked_for_are_refused(city: City) -> None:
    mei, thief = at_home(city), at_home(city)
    challenge, of_thief = mei.challenge(), thief.challenge()
    signed = mei.reader.sign(challenge["to_be_signed"])
    for secret in (None, of_thief["challenge_secret"]):
        assert slug_of(thief.verify(challenge, signed, challenge_secret=secret)) == "certificate-challenge-refused"
    assert mei.verify(challenge, signed).status_code == 200


def test_words_are_refused_after_five_minutes(city: City) -> None:
    mei = at_home(city)
    challenge = mei.challenge()
    signed = mei.reader.sign(challenge["to_be_signed"])
    city.sql("UPDATE identity.certificate_challenge SET expires_at = expires_at - interval '5 minutes 1 second'")
    assert slug_of(mei.verify(challenge, signed)) == "certificate-challenge-refused"


def test_a_signature_for_another_site_is_worth_nothing(city: City) -> None:
    mei = at_home(city)
    challenge = mei.challenge()
    elsewhere = challenge["words"].replace(ORIGIN, "https://elsewhere.example").encode()
    signed = mei.reader.sign(base64.b64encode(elsewhere).decode())
    assert slug_of(mei.verify(challenge, signed)) == "certificate-signature-refused"
