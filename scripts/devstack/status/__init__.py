"""`dev.py status`: the dashboard's numbers in the terminal, of the local stack or of a deployed stage."""

from devstack.status.numbers import Number, status_table
from devstack.status.reading import read_status

__all__ = ["Number", "read_status", "status_table"]
