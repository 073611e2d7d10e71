"""The Hub: what a call may reach there, and files sent and fetched."""
