"""Places where work leaves traces, and places where issues live."""
