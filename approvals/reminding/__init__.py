"""What people are told of: reminders that are due, and the mails."""
