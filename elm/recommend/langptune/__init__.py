"""LangPTune: profiles in words that are trained for the recommendation they lead to (Gao et al., 2024)."""
