"""What a change would meet and what is to be said of it: trust state, findings, digests, times.

Nothing here moves a change.
"""
