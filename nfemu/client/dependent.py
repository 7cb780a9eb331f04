"""nfemu's command line as a process that the kernel ends with its parent, even where that is killed:
`python -P -m nfemu.client.dependent PARENT ARGUMENTS…`."""

import runpy
import sys

from nfemu.namespaces.system import die_with_parent

if __name__ == "__main__":
    die_with_parent(int(sys.argv.pop(1)))
    runpy.run_module("nfemu.cli.main", run_name="__main__", alter_sys=True)
