"""Models on the Hugging Face Hub: find them, understand them, fetch them."""
