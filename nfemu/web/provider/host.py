"""Where the built-in provider's pages are; apart, since light commands ask for no more of it."""

HOST = "pay.provider.example"
