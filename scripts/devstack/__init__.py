"""The development stack: everything `scripts/dev.py` does once its environment is there."""
