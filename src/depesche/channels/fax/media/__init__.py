"""The media of a fax call, without a socket: SDP, RTP with G.711, UDPTL with T.38. `ticker` alone knows a clock."""
