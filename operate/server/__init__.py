"""The PostgreSQL server of the warehouse: made, started, reached, asked."""
