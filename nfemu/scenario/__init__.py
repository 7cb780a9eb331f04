"""Scenario files: a journey of a subscriber in ten lines of YAML, run on real traffic.

`schema.py` says what may be written, `loading.py` reads it, `running.py` plays it step by step: `acting.py` does what a
step says, `expecting.py` holds what came of it to what was expected. `report/` tells it to people and programs.

Everything here is a client of the API and of the lines; no rule of the carrier's is known.
"""
