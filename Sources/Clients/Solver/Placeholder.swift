// Placeholder so that the target builds; the module's files replace it.
