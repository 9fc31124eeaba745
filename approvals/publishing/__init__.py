"""From an approved change to the read-back: the conductor, its transactions, drift, and the sweeps that find work."""
