DROP TRIGGER memberships_removed;
DROP TRIGGER memberships_added;
DROP INDEX organizations_store_members;
ALTER TABLE organizations DROP COLUMN members;
