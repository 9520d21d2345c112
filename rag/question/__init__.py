"""What is asked: its language and terms, follow-ups, policy, shape, what it compares."""
