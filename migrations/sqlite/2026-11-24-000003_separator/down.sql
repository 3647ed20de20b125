ALTER TABLE preferences DROP COLUMN separator;
