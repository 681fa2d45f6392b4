"""Policy packs (政策包): law and policy as dated, cited data, read and held against a day."""
