"""Really sending what `explain` speaks of, on a subscriber's line, and comparing what comes back."""
