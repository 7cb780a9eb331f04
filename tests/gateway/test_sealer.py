import json
from pathlib import Path

import pytest
from joserfc import jwe
from joserfc.jwk import KeySet, OctKey

from nfemu.gateway.sealer import JoseSealer, TokenKey, load_keys, rotate_keys
from nfemu.model.errors import InvalidInput


def test_any_jose_library_with_the_key_file_opens_the_token(tmp_path: Path) -> None:
    (key,) = load_keys(tmp_path / "keys.json")
    token = JoseSealer(key).seal({"msisdn": "8613800138000", "iat": 1, "exp": 61}, "portal.carrier.example")
    keys = KeySet.import_key_set(json.loads((tmp_path / "keys.json").read_text()))
    opened = jwe.decrypt_compact(token, keys, algorithms=["A256KW", "A256GCM"])
    assert opened.plaintext is not None
    assert json.loads(opened.plaintext) == {
        "msisdn": "8613800138000",
        "iat": 1,
        "exp": 61,
        "aud": "portal.carrier.example",
    }
    assert opened.headers()["kid"] == key.kid
    assert "8613800138000" not in token


def test_two_tokens_of_one_subscriber_differ() -> None:
    sealer = JoseSealer(TokenKey("k", bytes(range(32))))
    assert sealer.seal({"msisdn": "1"}, "a") != sealer.seal({"msisdn": "1"}, "a")


def test_another_key_does_not_open_it() -> None:
    token = JoseSealer(TokenKey("k", bytes(32))).seal({"msisdn": "1"}, "a")
    with pytest.raises(Exception, match=r"(?i)unwrap|key|decrypt"):
        jwe.decrypt_compact(token, OctKey.import_key(bytes([1]) * 32), algorithms=["A256KW", "A256GCM"])


def test_keys_last_and_rotation_keeps_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    (first,) = load_keys(path)
    assert load_keys(path) == (first,)
    second, kept = rotate_keys(path)
    assert kept == first
    third, kept = rotate_keys(path)
    assert kept == second
    assert load_keys(path) == (third, second)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"keys": []}', '{"keys": [{"kid": "a", "k": "AAAA"}]}', '{"keys": [{"kid": "a", "k": "ä"}]}'],
)
def test_a_broken_key_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=r"keys\.json"):
        load_keys(path)


def test_secrets_are_not_shown() -> None:
    assert "geheim" not in repr(TokenKey("k", b"geheim"))
