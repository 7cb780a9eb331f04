"""`nfemu pay`: paying for a line, and a look behind the emulated WeChat Pay."""
