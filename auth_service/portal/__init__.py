"""The pages that an operator sees."""
