"""Where the configuration is."""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def config_folder(chosen: Path | None) -> Path:
    """The folder that was chosen, else `./config` where it is one of ours, else the shipped one."""
    if chosen is not None:
        return chosen
    here = Path("config")
    return here if (here / "carrier.yaml").is_file() else shipped_config()


def shipped_config() -> Path:
    """Inside the installed package, or at the top of a source tree."""
    installed = _PACKAGE / "shipped_config"
    return installed if installed.is_dir() else _PACKAGE.parent / "config"
