DROP TABLE registrations;
DROP INDEX organizations_join_code;
ALTER TABLE organizations DROP COLUMN join_code;
DROP TRIGGER role_assignments_people ON role_assignments;
DROP FUNCTION role_assignments_people();
CREATE OR REPLACE FUNCTION memberships_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE organizations SET members = members + more.n
    FROM (SELECT organization, count(*) AS n FROM came GROUP BY organization) more WHERE organizations.key = more.organization;
  RETURN NULL;
END $$;
ALTER TABLE organizations DROP COLUMN peopled;
