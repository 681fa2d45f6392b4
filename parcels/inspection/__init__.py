"""Looking into a file: what it holds, what its columns are taken for, and what reading it would say."""
