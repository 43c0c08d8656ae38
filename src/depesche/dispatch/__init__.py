"""What carries deliveries: one loop a file, one verb a loop."""
