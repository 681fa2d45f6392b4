"""Why a verdict is what it is (判定书): numbers, formula, clause and verdict in words that can be read aloud."""
