"""Places where issues live, a file each."""
