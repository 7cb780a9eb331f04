"""In processes of their own: what is set stays set."""

import subprocess
import sys

import pytest

_PEAK = """
import ctypes, sys
from nfemu.runtime.memory import give_memory_back

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]

def block(size):
    found = libc.malloc(size)
    ctypes.memset(found, 1, size)
    return found

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4

if sys.argv[1] == "given back":
    give_memory_back()
libc.free(block(256 * 1024))
before = resident()
connections = [(block(256 * 1024), block(2000)) for _ in range(200)]
for buffer, _ in connections:
    libc.free(buffer)
print(resident() - before)
"""
_A_TENTH_OF_THE_PEAK = 200 * 256 // 10


def left_over(how: str) -> int:
    """KiB that a process keeps after a peak of 50 MiB."""
    command = [sys.executable, "-P", "-c", _PEAK, how]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_a_peak_of_connections_is_given_back() -> None:
    assert left_over("given back") < _A_TENTH_OF_THE_PEAK < left_over("kept")
