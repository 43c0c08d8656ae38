"""What people can do with Depesche: one verb a file, each a checklist of small named steps."""
