"""One verb a module, one transaction a call."""
