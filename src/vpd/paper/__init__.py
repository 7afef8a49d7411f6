"""The paper's data sets, protocols, tables and figure."""
