"""Events as signed webhooks: at least once, in order, and none lost (docs/webhooks.md)."""
