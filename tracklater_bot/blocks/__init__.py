"""Block Kit, pure: values in, blocks out. Escaping and shortening live here."""
