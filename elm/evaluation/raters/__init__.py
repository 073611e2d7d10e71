"""Forms for people who judge texts, their answers and agreement, and a language model as judge."""
