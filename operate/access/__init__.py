"""Who may do what: roles, people, the key of the card tokens."""
