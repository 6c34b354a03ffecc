"""Pages of docs/ that are generated: the data dictionary, the schemas and the vocabulary of the YAML files."""
