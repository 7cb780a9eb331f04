"""A phone's browser without JavaScript: it opens, clicks, fills in forms, and keeps cookies."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

from nfemu.client.line.phone import Phone
from nfemu.client.line.values import Answer
from nfemu.model.errors import NotFound

_MOST_REDIRECTS = 8
_FORM = ("Content-Type", "application/x-www-form-urlencoded")
_ACCEPT = ("Accept", "text/html,*/*;q=0.5")


@dataclass(frozen=True, slots=True)
class Form:
    """`action` as it was written. `fields`: what its inputs hold."""

    action: str
    method: str
    fields: dict[str, str]


@dataclass(slots=True)
class Browser:
    """Cookies are kept by host, for as long as the browser is."""

    phone: Phone
    headers: tuple[tuple[str, str], ...] = ()
    """Sent with every request, such as Accept-Language."""
    page: Answer | None = None
    """Where the redirects ended."""
    _cookies: dict[str, dict[str, str]] = field(default_factory=dict)

    def open(self, url: str) -> Answer:
        return self._ask(url, "GET", b"")

    def click(self, target: str) -> Answer:
        """The first link whose address or text contains `target`. Raises NotFound."""
        for address, text in self._read().links:
            if target in address or target in text:
                return self._ask(urljoin(self._here.url, address), "GET", b"")
        raise NotFound(f"there is no link with `{target}` on {self._here.url}")

    def submit(self, **changed: str) -> Answer:
        """The first form that is posted and has these fields. Raises NotFound."""
        form = self.form(*changed)
        body = urlencode({**form.fields, **changed}).encode()
        return self._ask(urljoin(self._here.url, form.action), "POST", body)

    def form(self, *names: str) -> Form:
        """The first that is posted and has these fields. Raises NotFound."""
        for form in self._read().forms:
            if form.method == "post" and set(names) <= set(form.fields):
                return form
        wanted = ", ".join(f"`{name}`" for name in names) or "any fields"
        raise NotFound(f"there is no form with {wanted} on {self._here.url}")

    @property
    def _here(self) -> Answer:
        if self.page is None:
            raise NotFound("no page is open")
        return self.page

    def _read(self) -> "_Reader":
        reader = _Reader()
        reader.feed(self._here.text)
        return reader

    def _ask(self, url: str, method: str, body: bytes) -> Answer:
        answer = self._sent(url, method, body)
        for _ in range(_MOST_REDIRECTS):
            if answer.location is None:
                break
            answer = self._sent(urljoin(answer.url, answer.location), "GET", b"")
        self.page = answer
        return answer

    def _sent(self, url: str, method: str, body: bytes) -> Answer:
        answer = self.phone.request(url, method, self._fields(url, body), body)
        self._keep(answer)
        return answer

    def _fields(self, url: str, body: bytes) -> list[tuple[str, str]]:
        cookies = self._cookies.get(urlsplit(url).hostname or "", {})
        fields = [_ACCEPT, *self.headers]
        if cookies:
            fields.append(("Cookie", "; ".join(f"{name}={value}" for name, value in cookies.items())))
        return [*fields, _FORM] if body else fields

    def _keep(self, answer: Answer) -> None:
        kept = self._cookies.setdefault(urlsplit(answer.url).hostname or "", {})
        for name, text in answer.headers:
            if name.lower() == "set-cookie":
                cookie, _, value = text.partition(";")[0].partition("=")
                kept[cookie.strip()] = value.strip()


class _Reader(HTMLParser):
    """The links and forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.forms: list[Form] = []
        self._inside: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in values:
            self.links.append((values["href"], ""))
            self._inside = "a"
        elif tag == "form":
            self.forms.append(Form(values.get("action", ""), values.get("method", "get").lower(), {}))
            self._inside = "form"
        elif tag == "input" and self._inside == "form" and "name" in values:
            self.forms[-1].fields[values["name"]] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside == "a" and self.links:
            address, text = self.links[-1]
            self.links[-1] = address, text + data
