"""What lies on disk, for every room: files and folders written whole, read strictly, and kept within themselves."""
