"""How a program is read: one file per reading, each one table and one short walk."""
