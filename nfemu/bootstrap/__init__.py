"""The only place that knows every room and wires them together."""

from nfemu.bootstrap.emulator import Emulator
from nfemu.bootstrap.ports import BoundPorts

__all__ = ["BoundPorts", "Emulator"]
