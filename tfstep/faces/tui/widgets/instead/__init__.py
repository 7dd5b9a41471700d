"""What stands in the place of the step for a while."""
