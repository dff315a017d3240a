"""`cartography switches`: where the released code departs from the paper."""


def switches_command() -> None:
    """List the switches that --set takes, with the paper's value and the released code's."""
    from rich.console import Console
    from rich.table import Table

    from cartography.models.switches import describe_switches, switch_values

    table = Table("switch", "paper", "released", "meaning", show_lines=True)
    for name, reason in describe_switches().items():
        table.add_row(name, *switch_values(name), reason)
    Console().print(table)
