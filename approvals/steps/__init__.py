"""What several use cases do to a change in the transaction of their caller: each step moves, records and enqueues, and exists once."""
