"""Writing to schema raw: the session, the tables, the ledger, the rows."""
