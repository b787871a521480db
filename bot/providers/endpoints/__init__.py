"""What providers offer beside answers."""
