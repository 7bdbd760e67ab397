"""Questions, answers and conversations from people's feedback on pictures, in the manner of Q-Instruct."""
