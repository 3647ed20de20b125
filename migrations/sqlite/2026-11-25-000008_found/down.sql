ALTER TABLE scopes DROP COLUMN name_sort;
ALTER TABLE administrator_roles DROP COLUMN name_sort;
