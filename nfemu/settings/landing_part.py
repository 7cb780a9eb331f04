"""`landing.yaml` in the model's types: every page has a garden that leads to it, and leads only to what that allows."""

from urllib.parse import urlsplit

from nfemu.files.source import Source, ValuePath
from nfemu.model.destination import Destination, Scheme
from nfemu.model.errors import InvalidInput
from nfemu.model.landing import LandingLink, LandingPage
from nfemu.model.policy import Hours
from nfemu.policy.compiled import CompiledProfile
from nfemu.policy.landing import landing_destination
from nfemu.policy.names import normalise_host
from nfemu.settings.configuration import Policies
from nfemu.settings.schema import LandingFile, LandingLinkSection

Place = tuple[str, str]
"""Host and path."""
_PORTS = {"http": 80, "https": 443}


def landing_part(file: LandingFile, source: Source, policies: Policies | None, portal: str) -> tuple[LandingPage, ...]:
    """Convert and check; mistakes are reported to `source`. `policies` None: that file has mistakes of its own."""
    pages: dict[Place, LandingPage] = {}
    for name, section in file.pages.items():
        path: ValuePath = ("pages", name)
        place = source.attempt((*path, "url"), _place, section.url)
        if place is None:
            continue
        if place[0] == portal:
            text = (
                f"`{section.url}` is on the portal's own host, `portal.host` in carrier.yaml; give the page another one"
            )
            source.report((*path, "url"), text)
        if place in pages:
            source.report((*path, "url"), f"another page is at `{section.url}` already; give each a place of its own")
        gardens = _gardens(place, policies)
        if policies is not None and not gardens:
            text = f"no profile in policies.yaml has `redirect_to: {section.url}`, so nobody would see this page; "
            source.report((*path, "url"), f"{text}write it into one, or remove the page")
        links = tuple(
            _link((*path, "links", index, "url"), link, gardens, source) for index, link in enumerate(section.links)
        )
        title, words = section.title.model_dump(), section.text.model_dump()
        pages[place] = LandingPage(*place, title, words, links, _hours(gardens, policies))
    return tuple(pages.values())


def _place(url: str) -> Place:
    """Raises InvalidInput for what no profile could redirect to."""
    destination = landing_destination(url)
    parts = urlsplit(url)
    if destination.host is None or destination.port != 80 or parts.query:
        raise InvalidInput(f"`{url}` is not a page of the carrier; write it like http://inflight.carrier.example/")
    return destination.host, parts.path or "/"


def _gardens(place: Place, policies: Policies | None) -> list[CompiledProfile]:
    """The profiles that redirect there."""
    if policies is None:
        return []
    compiled = (policies.compiled.profile(name) for name in policies.compiled.names)
    return [profile for profile in compiled if profile.redirect_to and _leads_to(profile.redirect_to, place)]


def _leads_to(redirect_to: str, place: Place) -> bool:
    try:
        return _place(redirect_to) == place
    except InvalidInput:
        return False


def _hours(gardens: list[CompiledProfile], policies: Policies | None) -> tuple[Hours, ...]:
    """Of the groups that the gardens allow, each once."""
    if policies is None:
        return ()
    names = {garden.name for garden in gardens}
    allowed = {group for profile in policies.profiles if profile.name in names for group in profile.allow}
    found = (group.hours for group in policies.groups if group.name in allowed)
    return tuple(dict.fromkeys(hours for hours in found if hours is not None))


def _link(path: ValuePath, link: LandingLinkSection, gardens: list[CompiledProfile], source: Source) -> LandingLink:
    destination = source.attempt(path, _destination, link.url)
    refusing = [garden for garden in gardens if destination is not None and garden.match(destination) is None]
    for garden in refusing:
        text = f"profile `{garden.name}`, which leads to this page, does not allow `{link.url}`; "
        source.report(path, f"{text}add its host to a group that the profile allows")
    return LandingLink(link.url, link.text.model_dump(), _hours_of(destination, gardens))


def _hours_of(destination: Destination | None, gardens: list[CompiledProfile]) -> tuple[Hours, ...]:
    """When the gardens let somebody through to it; empty where one of them always does."""
    rules = [garden.match(destination) for garden in gardens if destination is not None]
    found = [rule.group.hours for rule in rules if rule is not None]
    return () if None in found else tuple(dict.fromkeys(hours for hours in found if hours is not None))


def _destination(url: str) -> Destination:
    """Raises InvalidInput for anything but an ordinary web address."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    name = normalise_host(host) if host else None
    if parts.scheme not in _PORTS or not isinstance(name, str) or "@" in parts.netloc:
        raise InvalidInput(f"`{url}` is not a link to a site; write it like https://shop.inflight.example/")
    return Destination(name, None, port or _PORTS[parts.scheme], scheme=Scheme(parts.scheme))
