"""What is stored of people, and how they see it, take it along, delete it or keep out."""
