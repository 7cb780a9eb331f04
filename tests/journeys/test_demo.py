"""`nfemu demo` is what a newcomer runs first."""

from tests.journeys.carrier import CarrierProcess


def test_every_row_passes_and_nothing_is_left_behind(stopped: CarrierProcess) -> None:
    done = stopped.nfemu("demo", timeout=120)
    assert done.status == 0, done.text
    assert done.text.splitlines()[-1].endswith(" passed, 0 failed")
    assert "FAIL" not in done.text
    assert not stopped.state.path.exists()
