"""All SQL: the schema, one module a noun, and the one way to run a transaction."""
