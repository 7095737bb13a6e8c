"""The parts of `benchmarks/photos.py`."""
