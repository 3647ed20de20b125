-- How many members an organization has, kept, so that a list can show it and be ordered by it.
ALTER TABLE organizations ADD COLUMN members INTEGER NOT NULL DEFAULT 0;
UPDATE organizations SET members = (SELECT count(*) FROM memberships WHERE organization = organizations.key);
CREATE INDEX organizations_store_members ON organizations (store, members, key);

-- Who is a member where never changes in a row.
CREATE TRIGGER memberships_added AFTER INSERT ON memberships BEGIN
  UPDATE organizations SET members = members + 1 WHERE key = new.organization;
END;
CREATE TRIGGER memberships_removed AFTER DELETE ON memberships BEGIN
  UPDATE organizations SET members = members - 1 WHERE key = old.organization;
END;
