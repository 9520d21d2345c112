"""Visitor tokens, the secret they are signed with, and proof of work."""

from __future__ import annotations

import asyncio
import base64
import json
import multiprocessing
import stat

import pytest
from altcha.v1 import Payload, solve_challenge

from rag.errors import ConfigurationError
from ui.public.proof import SECONDS, Proof
from ui.public.tokens import SECRET_FILE, Tokens, secret_of
from ui.public.visit import Refused

SECRET = b"s" * 32
SITE = "abcd1234"


class Clock:
    def __init__(self):
        self.now = 1_750_000_000.0

    def __call__(self):
        return self.now


def test_a_token_gives_back_its_session_for_half_an_hour():
    clock = Clock()
    tokens = Tokens(SECRET, 30, clock)
    token = tokens.issue(SITE)
    session = tokens.read(token, SITE)
    assert len(session) >= 16
    assert tokens.read(token, SITE) == session
    assert tokens.read(tokens.issue(SITE), SITE) != session
    clock.now += 30 * 60 - 1
    assert tokens.read(token, SITE) == session
    clock.now += 1
    with pytest.raises(Refused) as caught:
        tokens.read(token, SITE)
    assert (caught.value.status, caught.value.code) == (401, "bad_token")


def test_a_token_outlives_the_process_that_issued_it():
    token = Tokens(SECRET).issue(SITE)
    assert Tokens(SECRET).read(token, SITE)


def changed(token, at):
    return token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]


def test_a_token_that_is_not_ours_for_this_site_is_refused():
    tokens = Tokens(SECRET)
    token = tokens.issue(SITE)
    body, _, signature = token.partition(".")
    later = base64.urlsafe_b64encode(json.dumps([SITE, "me", 2**40]).encode()).rstrip(b"=").decode()
    forged = [
        "", ".", "é.é", "a" * 100_000, body, f"{body}.", f"{later}.{signature}", f"{later}.",
        f"{token}x", changed(token, 3), changed(token, len(token) - 5), "\x00",
        f"{token}.{signature}",
        Tokens(b"t" * 32).issue(SITE), tokens.issue("efgh5678"), tokens.issue(""),
    ]  # fmt: skip
    for each in forged:
        with pytest.raises(Refused, match="bad_token"):
            tokens.read(each, SITE)


def test_the_secret_is_made_once_and_read_by_its_owner_alone(tmp_path):
    secret = secret_of(tmp_path / "data")
    assert len(secret) == 32
    assert secret_of(tmp_path / "data") == secret
    path = tmp_path / "data" / SECRET_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == [SECRET_FILE]
    path.chmod(0o640)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        secret_of(tmp_path / "data")


def test_processes_that_start_together_get_one_secret(tmp_path):
    with multiprocessing.get_context("fork").Pool(4) as pool:
        assert len(set(pool.map(secret_of, [tmp_path] * 16))) == 1


def test_a_secret_that_is_too_short_is_named(tmp_path):
    (tmp_path / SECRET_FILE).touch(0o600)
    with pytest.raises(ConfigurationError, match="shorter"):
        secret_of(tmp_path)


def solved(challenge, **changes):
    number = solve_challenge(
        challenge["challenge"], challenge["salt"], challenge["algorithm"], challenge["maxNumber"]
    ).number
    told = {**challenge, "number": number, **changes}
    told.pop("maxNumber")
    return Payload(**told).to_base64()


def refusal(proof, payload, site=SITE):
    try:
        asyncio.run(proof.check(payload, site))
    except Refused as refused:
        return refused.code
    return None


def test_a_proof_is_taken_once():
    proof = Proof(SECRET, 500)
    payload = solved(proof.challenge(SITE))
    assert refusal(proof, payload) is None
    assert refusal(proof, payload) == "proof_needed"


def test_a_proof_is_good_for_its_site_and_five_minutes():
    clock = Clock()
    proof = Proof(SECRET, 500, clock=clock)
    payload = solved(proof.challenge(SITE))
    assert refusal(proof, payload, "efgh5678") == "proof_needed"
    clock.now += SECONDS + 1
    assert refusal(proof, payload) == "proof_needed"
    assert refusal(proof, solved(proof.challenge("")), "") is None


def test_what_solves_nothing_of_ours_is_refused():
    proof = Proof(SECRET, 500)
    challenge = proof.challenge(SITE)
    salt = challenge["salt"].replace("expires=1", "expires=9")
    for payload in (
        "", "x", "e30=", "bnVsbA==", "W10=", "a" * 100_000, "\x00é",
        solved(challenge, number=-1), solved(challenge, signature="0" * 64),
        solved(challenge, salt=salt), solved(Proof(b"t" * 32, 500).challenge(SITE)),
        base64.b64encode(b"[" * 1400).decode(),
        base64.b64encode(json.dumps({**challenge, "number": 1, "salt": 5}).encode()).decode(),
    ):  # fmt: skip
        assert refusal(proof, payload) == "proof_needed", payload[:40]


def test_no_proof_is_asked_by_default():
    assert not Proof(SECRET, 0).asked
    assert refusal(Proof(SECRET, 0), "") is None
