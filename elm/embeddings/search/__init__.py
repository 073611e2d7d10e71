"""The k best rows of a table for many vectors: exactly, block by block, or nearly, by an index whose recall is told."""
