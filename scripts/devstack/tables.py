"""What the commands show to people instead of JSON."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from devstack.contract.inbox import Message


def outputs_table(outputs: Mapping[str, str]) -> Table:
    table = Table("output", "value", title="The running stack", title_justify="left")
    for name, value in outputs.items():
        table.add_row(name, value)
    return table


def inbox_table(messages: Sequence[Message]) -> Table:
    table = Table("at", "to", "code", "subject", title="Inbox, oldest first", title_justify="left")
    for message in messages:
        table.add_row(message["at"], message["to"], message["code"], message["subject"])
    return table
