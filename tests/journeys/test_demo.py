"""`nfemu run` is what a newcomer starts with: without a terminal, the demo alone."""

from tests.journeys.carrier import CarrierProcess


def test_every_row_passes_and_nothing_is_left_behind(stopped: CarrierProcess) -> None:
    done = stopped.nfemu("run", timeout=120)
    assert done.status == 0, done.text
    assert done.text.splitlines()[2].startswith(("access is bearer: ", "access is proxy: "))
    assert done.text.splitlines()[-1].endswith(" passed, 0 failed")
    assert "FAIL" not in done.text
    assert not stopped.state.path.exists()
