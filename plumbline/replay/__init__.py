"""Past nights once more: their SQL, their trainings and their scores, from what was known then."""
