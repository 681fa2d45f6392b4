"""The lists of questions (问题清单): what is missing or doubtful, by office, to be filled in and read back."""
