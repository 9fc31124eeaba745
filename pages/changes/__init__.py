"""What people see of changes: forms, views, and what the views show."""
