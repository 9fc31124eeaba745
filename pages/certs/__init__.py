"""Pages of certificates, trust configs, golden clients and simulations."""
