"""The forms of the choosing side's transitions, one file a step."""
