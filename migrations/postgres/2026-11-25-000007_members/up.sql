-- How many members an organization has, kept, so that a list can show it and be ordered by it.
ALTER TABLE organizations ADD COLUMN members bigint NOT NULL DEFAULT 0;
UPDATE organizations SET members = (SELECT count(*) FROM memberships WHERE organization = organizations.key);
CREATE INDEX organizations_store_members ON organizations (store, members, key);

-- Once for each statement. Who is a member where never changes in a row.
CREATE FUNCTION memberships_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE organizations SET members = members + more.n
    FROM (SELECT organization, count(*) AS n FROM came GROUP BY organization) more WHERE organizations.key = more.organization;
  RETURN NULL;
END $$;
CREATE FUNCTION memberships_removed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE organizations SET members = members - less.n
    FROM (SELECT organization, count(*) AS n FROM gone GROUP BY organization) less WHERE organizations.key = less.organization;
  RETURN NULL;
END $$;
CREATE TRIGGER memberships_added AFTER INSERT ON memberships
  REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION memberships_added();
CREATE TRIGGER memberships_removed AFTER DELETE ON memberships
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION memberships_removed();
