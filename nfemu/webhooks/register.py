"""Who is called: the webhooks of the configuration, and those that the API has registered, kept in the state folder.

A secret is generated when a webhook is first seen. HMAC needs the secret itself, so a hash of it would not do: each is
a file of its own with mode 0600, as every other secret of the carrier. The answer to the registration shows it once.
Being of the state folder and not of the store, webhooks outlive a reset, and no saved state carries a secret away.
"""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from nfemu.model import event_kinds
from nfemu.model.errors import Conflict, LimitReached, NotFound, Unavailable
from nfemu.model.identity import WebhookId
from nfemu.model.webhooks import Webhook
from nfemu.runtime.keys import read_private, write_private
from nfemu.webhooks.callback import Callback, check_allowed
from nfemu.webhooks.target import WebhookRules

PREFIX = "hub-"
"""Of the names of those that the API registers; no other begins so."""


class Register:
    """`folder` holds what lasts. Raises Unavailable for what it cannot read."""

    def __init__(self, folder: Path, configured: Mapping[WebhookId, Webhook], rules: WebhookRules) -> None:
        self._folder = folder
        self._configured = configured
        self.rules = rules
        self._registered = self._read()

    def follow(self, configured: Mapping[WebhookId, Webhook], rules: WebhookRules) -> None:
        """From now on as another configuration says."""
        self._configured, self.rules = configured, rules

    def all(self) -> dict[WebhookId, Webhook]:
        """By name, those of the configuration first."""
        return {**dict(sorted(self._configured.items())), **dict(sorted(self._registered.items()))}

    def get(self, name: WebhookId) -> Webhook:
        """Raises NotFound."""
        found = self.all().get(name)
        if found is None:
            raise NotFound(f"there is no webhook `{name}`; `nfemu webhooks list` shows all")
        return found

    def secret(self, name: WebhookId) -> str:
        """Made at first use. Raises Unavailable."""
        path = self.secret_file(name)
        try:
            if not path.exists():
                write_private(path, secrets.token_urlsafe(32).encode())
            return read_private(path).decode().strip()
        except OSError as error:
            raise Unavailable(f"`{path}`: {error.strerror}") from error

    def secret_file(self, name: WebhookId) -> Path:
        return self._folder / f"{name}.secret"

    def add(self, callback: str, events: list[str]) -> Webhook:
        """Raises InvalidInput for a callback or events that cannot be; LimitReached; Unavailable."""
        check_allowed(Callback.parse(callback), self.rules.hosts)
        patterns = event_kinds.checked(events)
        if len(self.all()) >= self.rules.limit:
            raise LimitReached(f"there are {self.rules.limit} webhooks already; remove one that nobody needs")
        webhook = Webhook(WebhookId(PREFIX + secrets.token_hex(6)), callback, patterns)
        self.secret(webhook.id)
        self._write({**self._registered, webhook.id: webhook})
        return webhook

    def remove(self, name: WebhookId) -> Webhook:
        """Raises NotFound; Conflict for one of the configuration; Unavailable."""
        webhook = self.get(name)
        if webhook.configured:
            raise Conflict(f"webhook `{name}` is of carrier.yaml; take it out there, and `nfemu reload`")
        self._write({known: each for known, each in self._registered.items() if known != name})
        self.secret_file(name).unlink(missing_ok=True)
        return webhook

    @property
    def _file(self) -> Path:
        return self._folder / "registered.json"

    def _read(self) -> dict[WebhookId, Webhook]:
        try:
            held = json.loads(read_private(self._file))
            return {
                WebhookId(name): Webhook(WebhookId(name), each["callback"], tuple(each["events"]))
                for name, each in held.items()
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Unavailable(f"`{self._file}` cannot be read ({error}); delete it and register anew") from error

    def _write(self, registered: dict[WebhookId, Webhook]) -> None:
        held = {name: {"callback": each.callback, "events": each.events} for name, each in registered.items()}
        try:
            write_private(self._file, json.dumps(held, indent=1).encode())
        except OSError as error:
            raise Unavailable(f"`{self._file}`: {error.strerror}") from error
        self._registered = registered
