"""An emulator that runs already, here or elsewhere."""

import atexit
from pathlib import Path

from nfemu.client.state import RunningStatus, StateFolder, reachable
from nfemu.model.errors import InvalidInput, Unavailable
from nfemu.pytest_plugin.folders import OwnFolder, common_folder
from nfemu.pytest_plugin.options import Options

_ELSEWHERE = (
    "no emulator of this machine and user has its API at `{url}`; give --nfemu-state, or, where it is on another "
    "machine or in a container, --nfemu-token, --nfemu-proxy and --nfemu-ca"
)


def state_given(options: Options) -> StateFolder:
    """Of the emulator that is named. Raises Unavailable where it does not run, InvalidInput."""
    if options.state:
        state = StateFolder(Path(options.state).expanduser().absolute())
    elif options.instance:
        state = StateFolder.of_instance(options.instance)
    else:
        state = _at(options)
    state.status()
    return state


def _at(options: Options) -> StateFolder:
    address = options.url.removeprefix("http://").rstrip("/")
    if options.proxy and options.ca:
        return _stand_in(options, address)
    for state in (StateFolder.default(), *StateFolder.instances()):
        try:
            if reachable(state.status().api) == address:
                return state
        except Unavailable:
            continue
    raise Unavailable(_ELSEWHERE.format(url=options.url))


def _stand_in(options: Options, address: str) -> StateFolder:
    """A folder that holds of a distant emulator what clients look for in a near one's."""
    token = options.token or (Path(options.token_file).read_text().strip() if options.token_file else "")
    if not token:
        raise InvalidInput("the emulator's API needs its token: NFEMU_PYTEST_TOKEN, or --nfemu-token-file")
    folder = OwnFolder()
    atexit.register(folder.remove)
    state = StateFolder(folder.path)
    state.api_token.touch(mode=0o600)
    state.api_token.write_text(token)
    state.ca.parent.mkdir()
    state.ca.write_bytes(Path(options.ca).read_bytes())
    by_proxy = "proxy: the emulator is not on this machine"
    state.leases.symlink_to(common_folder(address))
    state.publish(RunningStatus(0, "", address, options.proxy, "", {}, str(state.ca), "", by_proxy))
    return state
