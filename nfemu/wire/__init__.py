"""Bytes in, values out: sans-IO codecs. No module here opens anything or knows a policy."""
