"""Trust configs: registered or created, observed, written and looked at for drift; what is live, and the calls that say so."""
