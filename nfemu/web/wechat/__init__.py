"""The emulated WeChat Pay: the API for merchants, its books, notifications, and the keys of both sides."""
