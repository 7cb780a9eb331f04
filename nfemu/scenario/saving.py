"""The states that a scenario saves: its own, under names that nobody else uses, and gone when it ends."""

from dataclasses import dataclass, field

from nfemu.client import Client

OWN = "scenario--"
"""Before the name of each."""
_INITIAL = "initial"


@dataclass(slots=True)
class OwnStates:
    """Of one scenario. A state of the same name that somebody else saved stays as it is."""

    client: Client
    _saved: set[str] = field(default_factory=set)

    def save(self, name: str) -> None:
        """Raises ClientError for what is no name; `initial` is nobody's."""
        self.client.save_state(name if name == _INITIAL else OWN + name)
        self._saved.add(name)

    def load(self, name: str) -> None:
        """Its own, else the carrier's. Raises ClientError where there is none."""
        self.client.load_state(OWN + name if name in self._saved else name)

    def forget(self) -> None:
        for name in self._saved:
            self.client.delete_state(OWN + name)
        self._saved.clear()
