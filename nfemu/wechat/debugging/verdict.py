"""What a diagnosis comes to, as keys of sentences and what stands in them; the sentences are of whoever shows them."""

from collections.abc import Iterator, Mapping

from nfemu.wechat.admission import CheckName
from nfemu.wechat.debugging.deliveries import DeliveryDiagnosis
from nfemu.wechat.debugging.requests import Diagnosis

Sentence = tuple[str, Mapping[str, str]]
_OF_SIGNATURE = (CheckName.BASE64, CheckName.SIGNATURE)


def of_request(diagnosis: Diagnosis) -> list[Sentence]:
    """The first failed check, and what the signature is of."""
    failed = next((check for check in diagnosis.checks if check.refusal is not None), None)
    said: list[Sentence] = [("all-hold", {})] if failed is None else [(f"failed-{failed.name.value}", {})]
    if diagnosis.expected is not None and not _is_right(diagnosis):
        said += _about_signature(diagnosis)
    return [*said, *_about_given(diagnosis)]


def of_delivery(diagnosis: DeliveryDiagnosis) -> list[Sentence]:
    """Every failed check, and what can be said of the string and the resource."""
    failed = [name.value for name, holds in diagnosis.checks if not holds]
    said: list[Sentence] = [(f"delivery-{name}", {}) for name in failed] or [("delivery-holds", {})]
    if diagnosis.signed is not None:
        said += [("delivery-body", {}), *((f"mistake-{each.value}", {}) for each in diagnosis.mistakes)]
    sealing = diagnosis.sealing
    if sealing is not None and sealing.fault is not None:
        said.append((f"sealing-{sealing.fault.value}", {"detail": sealing.detail}))
    return [*said, *_about_given(diagnosis)]


def _is_right(diagnosis: Diagnosis) -> bool:
    """Whether the signature itself was looked at, and is as it must be."""
    return all(check.refusal is None for check in diagnosis.checks if check.name in _OF_SIGNATURE) and any(
        check.name is CheckName.SIGNATURE for check in diagnosis.checks
    )


def _about_signature(diagnosis: Diagnosis) -> Iterator[Sentence]:
    signed = diagnosis.signed
    if signed.message is not None:
        yield ("fits-this" if signed.message != diagnosis.expected else "fits-expected"), {}
    elif signed.signer:
        yield "fits-other", {"digest": signed.digest.hex(), "algorithm": signed.algorithm}
    else:
        yield "fits-no-key", {}
    for mistake in signed.mistakes:
        yield f"mistake-{mistake.value}", {"signer": signed.signer, "algorithm": signed.algorithm}


def _about_given(diagnosis: Diagnosis | DeliveryDiagnosis) -> Iterator[Sentence]:
    if diagnosis.given is not None and diagnosis.expected is not None:
        yield ("given-same" if diagnosis.given == diagnosis.expected else "given-differs"), {}
        yield ("given-fits" if diagnosis.given_fits else "given-fits-not"), {}
