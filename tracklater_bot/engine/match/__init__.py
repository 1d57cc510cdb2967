"""Which groups and issues a text points to."""
