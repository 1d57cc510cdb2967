"""Places where work leaves traces, a file each."""
