"""The player: goes through a lesson, asks, computes, compares."""
