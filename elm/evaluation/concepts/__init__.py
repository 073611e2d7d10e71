"""Do texts and lists follow a vector that moves along a concept, or between two others?"""
