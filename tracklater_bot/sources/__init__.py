"""Places where work leaves traces, and places where issues live. One file each.

Two protocols, one registry, and `read_all`, which turns a failing source into a sentence.
"""
