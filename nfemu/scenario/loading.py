"""Reading scenario files: whole, or an error with every mistake in them, its line, and what to write instead."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from nfemu.files.findings import ConfigurationError, Finding, listing, nearest
from nfemu.files.sections import written_fields
from nfemu.files.source import Source, read_yaml
from nfemu.files.validation import validate
from nfemu.scenario.naming import names_of
from nfemu.scenario.schema import Expect, ScenarioFile, Step
from nfemu.scenario.values import Act, Scenario, ScenarioStep

_REQUEST = frozenset({"headers", "body", "follow", "at", "within"})
_ANSWERED = frozenset(
    {"status", "redirect", "arrives", "refused", "failure", "shows", "hides", "headers", "received", "not_received"}
)
_OCTETS = frozenset({"refused", "failure", "shows", "hides"})
_NOTHING: frozenset[str] = frozenset()

ACTS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "get": (_REQUEST, _ANSWERED),
    "head": (_REQUEST, _ANSWERED),
    "post": (_REQUEST, _ANSWERED),
    "dns": (frozenset({"kind", "resolver", "within"}), frozenset({"answer"})),
    "quic": (frozenset({"at", "within"}), _OCTETS),
    "tcp": (frozenset({"send", "at", "within"}), _OCTETS),
    "udp": (frozenset({"send", "at", "within"}), _OCTETS),
    "attach": (_NOTHING, _NOTHING),
    "detach": (_NOTHING, _NOTHING),
    "restrict": (_NOTHING, _NOTHING),
    "restore": (_NOTHING, _NOTHING),
    "profile": (_NOTHING, _NOTHING),
    "charge": (_NOTHING, _NOTHING),
    "pay": (_NOTHING, frozenset({"status", "arrives", "shows", "hides"})),
    "autodeduct": (_NOTHING, _NOTHING),
    "bank": (_NOTHING, _NOTHING),
    "advance": (frozenset({"account"}), _NOTHING),
    "reload": (_NOTHING, frozenset({"changes"})),
    "click": (_NOTHING, _ANSWERED),
    "run": (_NOTHING, frozenset({"exit", "prints", "hides"})),
    "explain": (_NOTHING, frozenset({"verdict", "rule"})),
    "save": (_NOTHING, _NOTHING),
    "load": (_NOTHING, _NOTHING),
}
"""What can be done, by the key that says so; with it, which keys say how, and what can be expected of it alone."""
OF_THE_LINE = frozenset(
    {"balance", "standing", "ordered", "effective", "attached", "notices", "events", "used", "failure"}
)
"""What can be expected of every step."""
OF_NOBODY = frozenset({"advance", "reload", "save", "load"})
"""What can be done without a line."""
_HOW = frozenset().union(*(how for how, _ in ACTS.values()))


def load_all(paths: Iterable[Path]) -> list[Scenario]:
    """Of files and folders, in order of their names. Raises ConfigurationError with what is wrong in all of them."""
    scenarios: list[Scenario] = []
    findings: list[Finding] = []
    for file in _files(paths):
        try:
            scenarios.append(load(file))
        except ConfigurationError as error:
            findings += error.findings
    if findings:
        raise ConfigurationError(findings)
    names = names_of([each.file for each in scenarios])
    return [replace(each, called=name) for each, name in zip(scenarios, names, strict=True)]


def load(file: Path) -> Scenario:
    """Raises ConfigurationError."""
    source = read_yaml(file, str(file))
    written = validate(ScenarioFile, source)
    if written is not None and not source.findings:
        for index, step in enumerate(written.steps):
            _check(source, index, step)
        _check_lines(source, written)
    if source.findings or written is None:
        raise ConfigurationError(source.findings)
    steps = [
        ScenarioStep(index + 1, source.place(("steps", index))[1], step, act_of(step))
        for index, step in enumerate(written.steps)
    ]
    about = " ".join(written.about.split())
    return Scenario(written.name, about, file, file.stem, written.needs == "bearer", written.line, written.given, steps)


def act_of(step: Step) -> Act | None:
    """The one thing that a step does."""
    return next((Act(name, value) for name in ACTS if (value := getattr(step, name)) is not None), None)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            found = sorted([*path.glob("*.yaml"), *path.glob("*.yml")])
            if not found:
                raise ConfigurationError([Finding(str(path), 0, "has no scenario; put files such as `G4.yaml` there")])
            yield from found
        else:
            yield path


def _check(source: Source, index: int, step: Step) -> None:
    """One act, and only what belongs to it."""
    given = {name for name in written_fields(Step) if name not in ("as", "needs", "expect") and _is_there(step, name)}
    acts = [name for name in ACTS if name in given]
    path = ("steps", index)
    if len(acts) > 1:
        source.report((*path, acts[1]), f"a step does one thing, and this one does {listing(acts)}; make it two steps")
        return
    expected = [name for name in Expect.model_fields if getattr(step.expect, name) is not None]
    if not acts and not expected:
        names = nearest(next(iter(given), ""), ACTS) if given else f"write one of {listing(ACTS)}"
        source.report(path, f"this step does nothing; {names}")
        return
    how, of_it = ACTS[acts[0]] if acts else (_NOTHING, _NOTHING)
    for name in sorted(given & _HOW - how):
        source.report((*path, name), f"`{name}` says nothing here; {_belongs(name, acts)}")
    for name in expected:
        if name not in of_it | OF_THE_LINE:
            source.report((*path, "expect", name), f"`{name}` cannot be expected here; {_expectable(of_it)}")


def _check_lines(source: Source, written: ScenarioFile) -> None:
    """A step is for its own line, else for the one before; somebody must have said which."""
    line = written.line
    for index, step in enumerate(written.steps):
        line = line or step.whose
        act = act_of(step)
        looks = any(getattr(step.expect, name) is not None for name in OF_THE_LINE - {"failure"})
        if line is None and (looks or (act is not None and act.name not in OF_NOBODY)):
            what = f"`{act.name}`" if act is not None else "this step"
            source.report(
                ("steps", index), f"it is not said whose line {what} is for; write `as: 13800138000` with the step"
            )


def _is_there(step: Step, name: str) -> bool:
    return getattr(step, "line" if name == "as" else name) is not None


def _belongs(name: str, acts: Sequence[str]) -> str:
    fitting = [act for act, (how, _) in ACTS.items() if name in how]
    return f"it belongs to {listing(fitting)}" + (f", not to `{acts[0]}`" if acts else "")


def _expectable(of_it: frozenset[str]) -> str:
    return f"possible are {listing(of_it | OF_THE_LINE)}"
