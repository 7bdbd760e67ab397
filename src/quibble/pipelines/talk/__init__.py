"""Questions and answers of every kind about a picture's notes: what people ask, and what may honestly be said."""
