"""Capture files as they are read: `reader.py` takes the frames out of a file, `packet.py` the packets out of frames."""
