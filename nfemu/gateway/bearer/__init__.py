"""Access by bearer: the subscriber's own IP, enforced by the kernel and by what the kernel steers to."""
