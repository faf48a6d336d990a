"""Cleaning corpora: planned into shards and blocks, done by any number of workers, resumable."""
