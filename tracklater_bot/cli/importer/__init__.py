"""The original TrackLater's settings become ours."""
