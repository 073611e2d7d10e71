"""Training by reward: objectives, policies that write, one trainer for all of them, and guards against hollow gains."""
