"""Lists of others that are shipped with the rules, each with its date; README.md says where they come from."""
