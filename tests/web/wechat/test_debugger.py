"""What the provider keeps of whom it refused and of deliveries that were not accepted, and what is found in it."""

import json
import re

import pytest

from nfemu.model.errors import InvalidInput, NotFound
from nfemu.web.wechat.debug_texts import SENTENCES, sentences
from nfemu.web.wechat.debugger import Case
from nfemu.web.wechat.findings import Finding, finding
from nfemu.web.wechat.keys import read_key
from nfemu.web.wechat.refusals import KEPT
from nfemu.wechat.admission import CheckName, SignedRequest
from nfemu.wechat.debugging.deliveries import Delivery, DeliveryCheck
from nfemu.wechat.debugging.mistakes import Mistake
from nfemu.wechat.debugging.sealed import SealingFault
from nfemu.wechat.faults import Deviation, Fault, FaultKind
from nfemu.wechat.signing import request_message, sign
from tests.web.wechat.asking import H5_ORDER, ORDER_H5, Asked, asked, ordered, paid
from tests.web.wechat.provider import BY_CERTIFICATE, MCHID, Provider


def signed_over(provider: Provider, request: Asked, text: bytes) -> Asked:
    """With the signature of something else."""
    signature = sign(read_key(provider.merchant().private_key_file), text)
    header = request.headers["authorization"]
    request.headers["authorization"] = re.sub('signature="[^"]*"', f'signature="{signature}"', header)
    return request


def timestamp_and_nonce(request: Asked) -> tuple[str, str]:
    fields = request.headers["authorization"]
    at, nonce = (fields.partition(f'{name}="')[2].partition('"')[0] for name in ("timestamp", "nonce_str"))
    return at, nonce


def said(found: Finding) -> str:
    return " ".join(sentences(found.sentences, "en"))


async def looked(provider: Provider) -> tuple[Case, Finding]:
    case = await provider.debugger.look_into(mchid=MCHID)
    return case, finding(case)


async def test_a_refused_request_is_kept_and_its_mistake_found(provider: Provider) -> None:
    request = asked(provider, "POST", ORDER_H5, H5_ORDER)
    wrong = request_message(
        "POST", f"https://api.mch.weixin.qq.com{ORDER_H5}", *timestamp_and_nonce(request), request.body
    )
    signed_over(provider, request, wrong).headers |= {"cookie": "secret=1", "x-api-key": "secret"}
    assert (await request.to(provider)).status == 401
    case, found = await looked(provider)
    assert case.kept is not None
    assert (case.kept.mchid, case.kept.code, case.kept.about) == (MCHID, "SIGN_ERROR", f"POST {ORDER_H5}")
    assert (found.mistakes, found.other, found.is_given) == ((Mistake.WITH_HOST,), wrong, False)
    assert [name for name, holds in found.checks if not holds] == ["signature"]
    marked = [piece.octets for piece in found.comparison.right if piece.differs]
    assert marked == [b"https://api.mch.weixin.qq.com"]
    assert "scheme or host were signed" in said(found)
    assert "secret" not in repr(case)


async def test_what_was_right_is_not_kept(provider: Provider) -> None:
    await ordered(provider)
    assert (await asked(provider, "GET", "/v3/pay/transactions/id/1?mchid=1").to(provider)).status == 400
    assert provider.debugger.refusals.newest() == []
    with pytest.raises(NotFound, match="nothing was refused since the carrier has started"):
        await provider.debugger.look_into()


async def test_a_replay_is_told_from_a_wrong_signature(provider: Provider) -> None:
    request = asked(provider, "POST", ORDER_H5, H5_ORDER)
    await request.to(provider)
    await request.to(provider)
    _, found = await looked(provider)
    assert [name for name, holds in found.checks if not holds] == ["nonce"]


async def test_so_many_of_each_merchant_are_kept(provider: Provider) -> None:
    for number in range(KEPT + 2):
        request = asked(provider, "GET", f"/v3/certificates?a={number}")
        request.target = "/v3/certificates"
        await request.to(provider)
    stranger = asked(provider, "GET", "/v3/certificates")
    for header in ("Bearer of-the-api", stranger.headers["authorization"].replace(MCHID, "1900000999")):
        stranger.headers["authorization"] = header
        await stranger.to(provider)
    refusals = provider.debugger.refusals
    assert [kept.id for kept in refusals.newest(MCHID)] == [str(number) for number in range(KEPT + 2, 2, -1)]
    assert [kept.mchid for kept in refusals.newest(limit=3)] == ["", "", MCHID]
    assert refusals.newest(BY_CERTIFICATE) == []
    bearer = refusals.named(str(KEPT + 3)).what
    assert isinstance(bearer, SignedRequest)
    assert bearer.headers["authorization"] == "Bearer …"
    with pytest.raises(NotFound, match="nothing refused is kept as `1`"):
        refusals.named("1")


async def test_a_delivery_that_was_not_accepted(provider: Provider) -> None:
    await ordered(provider)
    provider.server.answers = [500]
    await paid(provider)
    case, found = await looked(provider)
    assert case.kept is not None
    assert isinstance(case.what, Delivery)
    assert (case.kept.about, case.kept.code, case.kept.why) == (H5_ORDER["notify_url"], "500", "")
    assert found.sealing is not None
    assert json.loads(found.sealing.plain or b"")["out_trade_no"] == H5_ORDER["out_trade_no"]
    assert said(found).startswith("It is rightly signed")
    assert case.what.body == provider.server.told[0].body


@pytest.mark.parametrize(
    ("kind", "check"),
    [
        (FaultKind.WRONG_SIGNATURE, "signature"),
        (FaultKind.PROBE, "probe"),
        (FaultKind.OLD_TIMESTAMP, "timestamp"),
    ],
)
async def test_what_was_wrong_by_order(provider: Provider, kind: FaultKind, check: str) -> None:
    await provider.desk.arm(Fault(kind))
    await ordered(provider)
    await paid(provider)
    case, found = await looked(provider)
    assert next(name for name, holds in found.checks if not holds) == check
    assert case.kept is not None
    assert case.kept.why in {each.value for each in Deviation}


async def test_what_somebody_has_written_down(provider: Provider) -> None:
    request = asked(provider, "POST", ORDER_H5, H5_ORDER, timestamp=1_700_000_000)
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    text = f"POST {ORDER_H5} HTTP/1.1\r\n{head}\r\n".encode()
    found = finding(await provider.debugger.examine(text + request.body, None, ""))
    assert said(found) == "Every check of the signature holds."
    found = finding(await provider.debugger.examine(text, request.body[:-1], "", b"mine"))
    assert (found.is_given, found.other) == (True, b"mine")
    assert said(found).endswith("The signature is not of the string that you gave.")
    with pytest.raises(InvalidInput):
        await provider.debugger.examine(b"", None, "")


@pytest.mark.parametrize("header", ["", "timestamp", f'timestamp="{"9" * 30}"'])
async def test_a_written_one_without_a_time(provider: Provider, header: str) -> None:
    request = asked(provider, "GET", "/v3/certificates")
    signed = request.headers["authorization"].replace(f'timestamp="{timestamp_and_nonce(request)[0]}"', header)
    found = finding(await provider.debugger.examine(f"GET /\nAuthorization: {signed}".encode(), None, ""))
    assert not all(holds for _, holds in found.checks)


async def test_a_written_notification(provider: Provider) -> None:
    await ordered(provider)
    await paid(provider)
    (told,) = provider.server.told
    head = "".join(f"{name}: {value}\n" for name, value in told.headers.items()).encode()
    found = finding(await provider.debugger.examine(b"POST /notify HTTP/1.1\n" + head + b"\n" + told.body, None, ""))
    assert said(found) == SENTENCES["en"]["delivery-holds"]


def test_there_are_words_for_everything_in_both_languages() -> None:
    needed = {
        *(f"failed-{each.value}" for each in CheckName),
        *(f"delivery-{each.value}" for each in DeliveryCheck),
        *(f"sealing-{each.value}" for each in SealingFault),
        *(f"mistake-{each.value}" for each in Mistake),
    }
    for language in ("en", "zh"):
        assert needed <= set(SENTENCES[language])
        places = {"signer": "1", "algorithm": "sha1", "digest": "00", "detail": "x"}
        assert all("{" not in text.format(**places) for text in SENTENCES[language].values())
    assert set(SENTENCES["en"]) == set(SENTENCES["zh"])
