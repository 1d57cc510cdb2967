"""What is known of issues, projects and tracked time, so that services are asked rarely."""
