"""Access: roles, logins of people, the token key."""
