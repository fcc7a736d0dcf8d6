"""The record keeper of licenses: what was sold, who holds a seat, when it must be renewed."""
