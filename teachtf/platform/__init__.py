"""What programs need of the machine around them: log lines, files, records, text and bytes."""
