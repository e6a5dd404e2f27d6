"""`assess`: the one question, has this object converged?"""
