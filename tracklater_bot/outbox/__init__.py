"""An approved suggestion becomes exactly one entry, and one worklog where wanted."""
