"""What runs at the client's side, without a portal, a database or Django."""
