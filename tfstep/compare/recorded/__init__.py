"""Recordings of somebody's own run, and their files."""
