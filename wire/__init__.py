"""What two processes of Tillpass must agree on, and the code that enforces it at each end.

Admission test: would the other side break if this changed? If not, it belongs elsewhere.
"""
