"""The landing pages of gardens: one small page each, written in the configuration (G18)."""
