"""`policy.lint` over a configuration as it is, for every command that looks at policies."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nfemu.policy.lint import Finding
    from nfemu.settings import Configuration


def findings(configuration: "Configuration") -> "list[Finding]":
    """Where people pay is known unless a portal team's own server has them pay elsewhere."""
    from nfemu.policy.lint import PaymentPath, lint
    from nfemu.settings import PortalPayments
    from nfemu.web.provider.host import HOST
    from nfemu.wechat.h5_link import PAGES

    policies, portal = configuration.policies, configuration.carrier.portal
    pages = {PortalPayments.BUILTIN: (HOST,), PortalPayments.WECHAT: PAGES}[portal.payments]
    path = PaymentPath(portal.host, pages if portal.upstream is None else ())
    return lint(policies.groups, policies.profiles, path)
