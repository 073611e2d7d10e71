"""The steps that make a run: training data, base, model, recommender."""
