"""The page for operators, and the runbook."""
