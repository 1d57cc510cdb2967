"""From scored segments to who had which time: hidden Markov models."""
