"""The plain built-in payment provider: pay page, verification step, signed notifications to the merchant."""
