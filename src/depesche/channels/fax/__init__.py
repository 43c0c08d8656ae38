"""Fax: T.30 over whatever carries it; the sandbox carries it in memory."""
