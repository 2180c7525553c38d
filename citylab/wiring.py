"""Which work follows which fact. A service publishes a topic; the functions named here are called once for each message,
in the transaction that marks the message done."""

CONSUMERS: dict[str, list[str]] = {}
