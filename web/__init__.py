"""What the pages of several apps share: refusals, parts of URLs, times, icons. No models, no rules."""
