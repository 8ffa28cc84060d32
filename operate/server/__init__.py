"""The PostgreSQL server of the warehouse: create, start, connect, query."""
