-- What lists of administrator roles and scopes are sorted by and searched through: the name folded and without accents.
-- The program fills it in for what is there (S-3: folding is made in one place).
ALTER TABLE administrator_roles ADD COLUMN name_sort TEXT NOT NULL DEFAULT '';
ALTER TABLE scopes ADD COLUMN name_sort TEXT NOT NULL DEFAULT '';
