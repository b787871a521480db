"""The assistants API: threads and runs that the provider keeps."""
