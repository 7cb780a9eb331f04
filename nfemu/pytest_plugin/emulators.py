"""The emulators of a session: one that was named, or its own, started when the first test needs them."""

import shlex
from dataclasses import dataclass, field

import pytest

from nfemu.client.leases import Leases
from nfemu.client.state import RunningStatus, StateFolder
from nfemu.model.errors import Conflict, NfemuError
from nfemu.pytest_plugin.given import state_given
from nfemu.pytest_plugin.options import Options
from nfemu.pytest_plugin.own import OwnEmulator
from nfemu.pytest_plugin.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Place:
    """An emulator that runs, and who may have what of it. None: it is all ours."""

    state: StateFolder
    leases: Leases | None

    @property
    def is_ours(self) -> bool:
        """Whether the whole carrier may be put back, and its clock moved; else only the lines that were taken are."""
        return self.leases is None or self.leases.alone


@dataclass(slots=True)
class Emulators:
    """`worker`: of pytest-xdist, else empty."""

    options: Options
    worker: str
    _given: Place | None = None
    _own: dict[tuple[str, tuple[str, ...]], OwnEmulator] = field(default_factory=dict)
    _failed: dict[tuple[str, tuple[str, ...]], NfemuError] = field(default_factory=dict)
    """It is not tried again for each test."""

    def place(self, wanted: Wanted) -> Place:
        """The test is skipped where the one that was named does not suit it. Raises Conflict where another run has
        that one, or it is configured otherwise than the run's tests want it, Unavailable where it does not run or
        start, InvalidInput."""
        if self.options.names_one:
            return self._named(wanted)
        overlay = wanted.carrier or self.options.carrier
        settings = (*self.options.set.split(), *wanted.settings)
        key = overlay, settings
        if key in self._failed:
            raise self._failed[key]
        if key not in self._own:
            try:
                self._own[key] = OwnEmulator(self.options.config, settings, overlay or None)
            except NfemuError as error:
                self._failed[key] = error
                raise
        return Place(self._own[key].state, None)

    def close(self) -> None:
        for each in self._own.values():
            each.close()
        if self._given is not None and self._given.leases is not None:
            self._given.leases.close()

    def _named(self, wanted: Wanted) -> Place:
        if self._given is None:
            state = state_given(self.options)
            _check_configured(state.status(), self.options)
            self._given = Place(state, Leases(state, self.worker))
        status = self._given.state.status()
        if not set(wanted.settings) <= set(status.settings or ()) or wanted.carrier not in ("", status.overlay):
            pytest.skip("it needs an emulator of its own configuration, and the run uses one that was named to it")
        if not self._given.is_ours and (wanted.state != "initial" or wanted.clock):
            pytest.skip("it needs the carrier in a state of its own, and the workers of this run share one")
        return self._given


def _check_configured(status: RunningStatus, options: Options) -> None:
    """Raises Conflict where one that was named lacks what the run's own would be started with.

    What its files say is not seen, nor anything of one elsewhere, whose settings are not known.
    """
    wanted = options.set.split()
    lacking = [each for each in wanted if status.settings is not None and each not in status.settings]
    other = options.carrier if status.overlay is not None or status.settings is not None else ""
    if not lacking and other in ("", status.overlay or ""):
        return
    start = shlex.join([*(part for each in wanted for part in ("--set", each)), "up", "--clock", "test"])
    carrier = f" --carrier {shlex.quote(options.carrier)}" if options.carrier else ""
    raise Conflict(
        "the emulator that is named to this run is configured otherwise than its tests want it; start that one with "
        f"`nfemu {start}{carrier}`, or, where its files say the same, give `--nfemu-set= --nfemu-carrier=`"
    )
