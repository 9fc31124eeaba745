"""What people, policies and time decide of a change that was asked for. One file for each use case."""
