DROP INDEX grants_ends;
ALTER TABLE grants DROP COLUMN rev;
ALTER TABLE scopes DROP COLUMN changed_by;
ALTER TABLE administrator_roles DROP COLUMN changed_by;
