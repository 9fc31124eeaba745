"""What people see and fill in. Everything else knows nothing of it."""
