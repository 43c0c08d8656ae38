"""No to an order."""

from depesche.model.rules import Rule


class Refused(Exception):
    """The order is not accepted; nothing of it is kept."""

    def __init__(self, rule: Rule, reason: str = "") -> None:
        """`reason`: more exact than the rule's own words, without secrets."""
        super().__init__(reason or rule.english)
        self.rule = rule
        self.reason = reason or rule.english
