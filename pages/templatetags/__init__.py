"""Tags and filters about certificates, policies, changes and events."""
