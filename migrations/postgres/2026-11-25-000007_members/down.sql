DROP TRIGGER memberships_removed ON memberships;
DROP TRIGGER memberships_added ON memberships;
DROP FUNCTION memberships_removed();
DROP FUNCTION memberships_added();
DROP INDEX organizations_store_members;
ALTER TABLE organizations DROP COLUMN members;
