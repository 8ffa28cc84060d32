"""What is written: the session, the tables of schema raw, the ledger, the rows."""
