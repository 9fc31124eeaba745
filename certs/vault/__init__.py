"""Originals, sealed under one KMS key per purpose: sealing for the web, opening for workers, and what is kept until when."""
