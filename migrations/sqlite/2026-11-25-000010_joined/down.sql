DROP TABLE registrations;
DROP INDEX organizations_join_code;
ALTER TABLE organizations DROP COLUMN join_code;
DROP TRIGGER role_assignments_people;
DROP TRIGGER memberships_added;
CREATE TRIGGER memberships_added AFTER INSERT ON memberships BEGIN
  UPDATE organizations SET members = members + 1 WHERE key = new.organization;
END;
ALTER TABLE organizations DROP COLUMN peopled;
