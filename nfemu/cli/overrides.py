"""Single values of the configuration from the command line or the environment: `FILE.KEY=VALUE`."""

from collections.abc import Sequence

import yaml

from nfemu.model.errors import InvalidInput


def read_settings(settings: Sequence[str]) -> dict[str, object]:
    """Place → value, for `settings.load`; the value is read as in the file. The last of two for one place counts.

    Raises InvalidInput for what is no setting; whether there is such a place is for the configuration to say.
    """
    read: dict[str, object] = {}
    for setting in settings:
        place, equals, text = setting.partition("=")
        if not (place and equals):
            raise InvalidInput(f"setting `{setting}` has no place or no value; write it like carrier.api.port=8600")
        try:
            read[place] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise InvalidInput(f"setting `{setting}`: the value is not YAML; quote it as in the file") from None
    return read
