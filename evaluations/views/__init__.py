"""The pages of the choosing side."""
