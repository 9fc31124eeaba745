"""Clients that must get in: kept, tried against what is live, and told before a plan would lock one out."""
