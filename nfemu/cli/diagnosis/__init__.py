"""What `nfemu doctor` looks at, one subject a module. Each check is a function that gives findings, changing nothing.

Read from outside: the state folder, the configuration and the running carrier's API. None needs a carrier that runs.
"""
