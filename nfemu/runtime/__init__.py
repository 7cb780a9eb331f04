"""The shell around the carrier: executes its commands on asyncio, keeps the clocks, and offers it as a service."""
