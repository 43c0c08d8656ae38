"""Fax over a SIP trunk: what has sockets and clocks, around `sip` and `media`, which have none."""
