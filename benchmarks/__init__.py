"""Measurements: accuracy against ground truth, speed and memory against limits."""
