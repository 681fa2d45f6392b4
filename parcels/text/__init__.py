"""Text: which encoding bytes are in, told by the bytes, and values decoded without losing one in silence."""
