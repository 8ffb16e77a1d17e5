"""Where TensorFlow kept its command-line tools: old programs import from here."""
