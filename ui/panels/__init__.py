"""The widgets and figures of each page, in a module of its name."""
