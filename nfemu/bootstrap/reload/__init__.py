"""A reload: what differs between two configurations, for whom, and what of it a running carrier takes over."""
