"""Running our code as an ordinary user where the tests themselves are root's."""

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_NOBODY = 65534
_PROJECT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class User:
    """Whose process a case is. `python`: an interpreter that this user may run."""

    uid: int
    python: str

    def popen(self, *arguments: str, folder: Path) -> "subprocess.Popen[str]":
        """In `folder`; the process leads a session of its own."""
        other = self.uid if self.uid != os.getuid() else None
        path = os.pathsep.join([str(_PROJECT), *(each for each in sys.path if each.endswith("site-packages"))])
        return subprocess.Popen(
            [self.python, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
            start_new_session=True,
            user=other,
            group=other,
            extra_groups=[] if other is not None else None,
        )


def root() -> User | None:
    return User(0, sys.executable) if os.getuid() == 0 else None


@cache
def ordinary() -> User | None:
    """None where no interpreter of this version is open to everybody."""
    if os.getuid() != 0:
        return User(os.getuid(), sys.executable)
    for python in (sys.executable, f"/usr/bin/python{sys.version_info[0]}.{sys.version_info[1]}"):
        user = User(_NOBODY, python)
        try:
            with user.popen("-c", "import nfemu.gateway.bearer.network.client", folder=Path("/")) as tried:
                tried.communicate()
        except OSError:
            continue
        if tried.returncode == 0:
            return user
    return None
