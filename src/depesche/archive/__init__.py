"""The one file of a backup: a tar archive of parts, each with its SHA-256."""
