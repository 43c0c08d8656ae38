"""SIP (RFC 3261) without sockets and clocks: octets and times go in, octets and values come out."""
