"""What a change would meet and what is to be said of it: trust state, findings, digests, times. Reads only; nothing here moves a change."""
