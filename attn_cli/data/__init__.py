"""Facts about machines and libraries, with their sources."""
