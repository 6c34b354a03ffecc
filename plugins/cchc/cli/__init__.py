"""The command `cchc`: one module for each group of subcommands."""
