"""A case of the signature debugger as people and programs are shown it."""

from collections.abc import Sequence
from dataclasses import dataclass

from nfemu.web.wechat.debugger import Case
from nfemu.wechat.debugging.deliveries import DeliveryDiagnosis
from nfemu.wechat.debugging.differences import Comparison, compare
from nfemu.wechat.debugging.mistakes import Mistake
from nfemu.wechat.debugging.sealed import Sealing
from nfemu.wechat.debugging.verdict import Sentence, of_delivery, of_request


@dataclass(frozen=True, slots=True)
class Finding:
    """`comparison`: what should have been signed on the left, on the right what was, as far as that is known (`other`);
    `is_given`: the merchant says so."""

    checks: Sequence[tuple[str, bool]]
    expected: bytes | None
    other: bytes | None
    is_given: bool
    comparison: Comparison
    mistakes: Sequence[Mistake]
    sentences: Sequence[Sentence]
    sealing: Sealing | None = None


def finding(case: Case) -> Finding:
    diagnosis = case.diagnosis
    if isinstance(diagnosis, DeliveryDiagnosis):
        checks = [(name.value, holds) for name, holds in diagnosis.checks]
        found, mistakes, sentences, sealing = (
            diagnosis.signed,
            diagnosis.mistakes,
            of_delivery(diagnosis),
            diagnosis.sealing,
        )
    else:
        checks = [(check.name.value, check.refusal is None) for check in diagnosis.checks]
        found, mistakes, sentences, sealing = (
            diagnosis.signed.message,
            diagnosis.signed.mistakes,
            of_request(diagnosis),
            None,
        )
    other = found if diagnosis.given is None else diagnosis.given
    expected = diagnosis.expected
    return Finding(
        checks,
        expected,
        other,
        diagnosis.given is not None,
        compare(expected or b"", (expected or b"") if other is None else other),
        mistakes,
        sentences,
        sealing,
    )
