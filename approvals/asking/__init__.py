"""The ways to ask for a change: submitting one, undoing one, going back to a date, resolving a drift. One file for each."""
