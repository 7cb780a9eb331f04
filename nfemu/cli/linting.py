"""`policy.lint` over a configuration as it is, for every command that looks at policies."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nfemu.policy.lint import Finding
    from nfemu.settings import Configuration


def findings(configuration: "Configuration") -> "list[Finding]":
    """Where people pay is known unless a portal team's own server has them pay elsewhere."""
    from nfemu.policy.lint import PaymentPath, lint
    from nfemu.web.provider.host import HOST

    policies, portal = configuration.policies, configuration.carrier.portal
    path = PaymentPath(portal.host, HOST if portal.upstream is None else None)
    return lint(policies.groups, policies.profiles, path)
