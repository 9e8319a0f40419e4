"""The local stack: its services as processes or containers, its ports, its state."""
