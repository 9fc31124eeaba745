"""Pages of a tenant, of its policy and of the environments."""
