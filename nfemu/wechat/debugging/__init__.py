"""Why a signature is not believed: every check in its order, the string that should have been signed, and what was."""
