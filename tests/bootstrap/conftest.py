"""The shipped configuration, to change."""

from tests.settings.conftest import change, folder

__all__ = ["change", "folder"]
