"""What commands are called in other languages."""
