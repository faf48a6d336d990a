"""Lexicons learned from what a spinner has written: aligned pairs, listed terms, or its output alone."""
