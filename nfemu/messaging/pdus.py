"""PDUs of SMPP 3.4 (sections 3.2, 4, 5.1): what a message centre reads and writes. The codec is smpp34's."""

import struct
from dataclasses import dataclass

from smpp34 import DeliverSm, Tlv

from nfemu.model.errors import InvalidInput
from nfemu.model.notices import Relayed
from nfemu.wire.short_message import parts

HEADER = struct.Struct(">IIII")
"""command_length, command_id, command_status, sequence_number (section 3.2)."""
LONGEST = 64 * 1024
"""Octets of a PDU that is read; nothing that receivers send comes near it."""

GENERIC_NACK = 0x80000000
BIND_RECEIVER = 0x00000001
BIND_TRANSMITTER = 0x00000002
SUBMIT_SM = 0x00000004
DELIVER_SM_RESP = 0x80000005
UNBIND = 0x00000006
UNBIND_RESP = 0x80000006
BIND_TRANSCEIVER = 0x00000009
ENQUIRE_LINK = 0x00000015
ENQUIRE_LINK_RESP = 0x80000015
BINDS = (BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER)
RESPONSE = 0x80000000
"""Set in the command_id of every answer."""

OK = 0x00000000
INVALID_LENGTH = 0x00000002
INVALID_COMMAND = 0x00000003
INCORRECT_BIND_STATUS = 0x00000004
ALREADY_BOUND = 0x00000005
BIND_FAILED = 0x0000000D
INVALID_PASSWORD = 0x0000000E
INVALID_SYSTEM_ID = 0x0000000F
SUBMIT_FAILED = 0x00000045
PERMANENT_ERROR = 0x00000065
REJECTED = 0x00000066

_CONCATENATED = 0x40
"""esm_class: the user data begins with a header (section 5.2.12)."""
_UCS2 = 0x08
"""data_coding (section 5.2.19)."""
_INTERNATIONAL, _E164 = 1, 1
_NETWORK_SPECIFIC = 3
_RECEIPTED_MESSAGE_ID = 0x001E
"""TLV tag (section 5.3.2.12)."""
_SC_INTERFACE_VERSION = b"\x02\x10\x00\x01\x34"
"""TLV of a bind's answer: SMPP 3.4 (section 5.3.2.25)."""


@dataclass(frozen=True, slots=True)
class Head:
    command: int
    status: int
    sequence: int
    body: int
    """Octets that follow."""

    @classmethod
    def read(cls, octets: bytes) -> "Head":
        """Raises InvalidInput for a length that no PDU has: where the next one begins is not known then."""
        length, command, status, sequence = HEADER.unpack(octets)
        if not HEADER.size <= length <= LONGEST:
            raise InvalidInput(f"command_length {length} is not from {HEADER.size} to {LONGEST}")
        return cls(command, status, sequence, length - HEADER.size)


def credentials(body: bytes) -> tuple[str, str]:
    """system_id and password of a bind (section 4.1.1). Raises InvalidInput."""
    fields = body.split(b"\0", 2)
    if len(fields) < 3:
        raise InvalidInput("the bind has no system_id and password, each ended by a NUL")
    return fields[0].decode("latin-1"), fields[1].decode("latin-1")


def answer(command: int, sequence: int, status: int, body: bytes = b"") -> bytes:
    """The response to `command`, or a generic_nack."""
    return HEADER.pack(HEADER.size + len(body), command | RESPONSE, status, sequence) + body


def bound(command: int, sequence: int, system_id: str) -> bytes:
    return answer(command, sequence, OK, system_id.encode() + b"\0" + _SC_INTERFACE_VERSION)


def enquire_link(sequence: int) -> bytes:
    return HEADER.pack(HEADER.size, ENQUIRE_LINK, 0, sequence)


def numbered(pdu: bytes, sequence: int) -> bytes:
    """The PDU with that sequence number."""
    return pdu[:12] + sequence.to_bytes(4) + pdu[16:]


def deliveries(message: Relayed, source: str) -> list[bytes]:
    """The deliver_sm PDUs of a message, one for each part, not yet numbered.

    Each names the message in receipted_message_id: the same however often it comes.
    """
    notice = message.notice
    found = parts(notice.text, notice.id)
    return [
        DeliverSm(
            source,
            message.msisdn.e164,
            part,
            source_addr_ton=_NETWORK_SPECIFIC,
            dest_addr_ton=_INTERNATIONAL,
            dest_addr_npi=_E164,
            esm_class=_CONCATENATED if len(found) > 1 else 0,
            data_coding=_UCS2,
            tlvs=[Tlv(_RECEIPTED_MESSAGE_ID, notice.id.encode() + b"\0")],
        ).encode()
        for part in found
    ]
