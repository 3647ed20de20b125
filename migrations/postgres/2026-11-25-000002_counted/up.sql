-- Counts that are kept, so that no page counts what may be large (quality.md). Triggers keep them, whoever writes.

-- A-5: how many assignments a pair has, how many of them have no end, and when it was last given. What has an end is
-- counted when somebody asks, by the indexes below: time alone ends it.
CREATE TABLE pairs (
  organization bigint NOT NULL REFERENCES organizations (key),
  role bigint NOT NULL REFERENCES roles (key),
  assignments bigint NOT NULL,
  lasting bigint NOT NULL,
  given_at bigint NOT NULL,
  PRIMARY KEY (organization, role)
);
CREATE INDEX pairs_role ON pairs (role, organization, lasting);
CREATE INDEX role_assignments_pair_ends ON role_assignments (organization, role, ends) WHERE ends IS NOT NULL;
CREATE INDEX role_assignments_role_ends ON role_assignments (role, ends, account) WHERE ends IS NOT NULL;

-- How many accounts hold the role without an end, each counted once.
ALTER TABLE roles ADD COLUMN lasting bigint NOT NULL DEFAULT 0;
ALTER TABLE identity_stores ADD COLUMN organizations bigint NOT NULL DEFAULT 0;

INSERT INTO pairs (organization, role, assignments, lasting, given_at)
  SELECT organization, role, count(*), count(*) - count(ends), max(given_at) FROM role_assignments GROUP BY organization, role;
UPDATE roles SET lasting = (SELECT count(DISTINCT account) FROM role_assignments WHERE role = roles.key AND ends IS NULL);
UPDATE identity_stores SET organizations = (SELECT count(*) FROM organizations WHERE store = identity_stores.key);

-- Once for each statement. Of the assignments of one account to one role, a statement either adds some or changes
-- some: each of these looks at what is there when the statement is through.
CREATE FUNCTION role_assignments_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO pairs (organization, role, assignments, lasting, given_at)
    SELECT organization, role, count(*), count(*) - count(ends), max(given_at) FROM came GROUP BY organization, role ORDER BY organization, role
    ON CONFLICT (organization, role) DO UPDATE SET assignments = pairs.assignments + excluded.assignments,
      lasting = pairs.lasting + excluded.lasting, given_at = greatest(pairs.given_at, excluded.given_at);
  UPDATE roles SET lasting = lasting + more.n FROM (
    SELECT c.role, count(*) AS n FROM (SELECT role, account, count(*) AS n FROM came WHERE ends IS NULL GROUP BY role, account) c
      WHERE c.n = (SELECT count(*) FROM role_assignments o WHERE o.account = c.account AND o.role = c.role AND o.ends IS NULL)
      GROUP BY c.role) more WHERE roles.key = more.role;
  RETURN NULL;
END $$;
-- Who holds what where never changes in a row.
CREATE FUNCTION role_assignments_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE pairs SET lasting = pairs.lasting + more.n, given_at = greatest(pairs.given_at, more.given_at) FROM (
    SELECT b.organization, b.role, count(b.ends) - count(a.ends) AS n, max(a.given_at) AS given_at FROM before b
      JOIN after a ON a.organization = b.organization AND a.role = b.role AND a.account = b.account GROUP BY b.organization, b.role
    ) more WHERE pairs.organization = more.organization AND pairs.role = more.role;
  UPDATE roles SET lasting = lasting + more.n FROM (
    SELECT c.role, sum(CASE WHEN c.there > 0 AND c.there = c.n THEN 1 WHEN c.there = 0 AND c.n < 0 THEN -1 ELSE 0 END) AS n FROM (
      SELECT d.role, d.account, d.n,
        (SELECT count(*) FROM role_assignments o WHERE o.account = d.account AND o.role = d.role AND o.ends IS NULL) AS there
        FROM (SELECT b.role, b.account, count(b.ends) - count(a.ends) AS n FROM before b
          JOIN after a ON a.organization = b.organization AND a.role = b.role AND a.account = b.account
          GROUP BY b.role, b.account) d WHERE d.n <> 0) c
      GROUP BY c.role) more WHERE roles.key = more.role;
  RETURN NULL;
END $$;
CREATE FUNCTION role_assignments_removed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE pairs SET assignments = pairs.assignments - less.n, lasting = pairs.lasting - less.lasting FROM (
    SELECT organization, role, count(*) AS n, count(*) - count(ends) AS lasting FROM gone GROUP BY organization, role
    ) less WHERE pairs.organization = less.organization AND pairs.role = less.role;
  DELETE FROM pairs USING (SELECT DISTINCT organization, role FROM gone) less
    WHERE pairs.organization = less.organization AND pairs.role = less.role AND pairs.assignments = 0;
  UPDATE roles SET lasting = lasting - less.n FROM (
    SELECT g.role, count(*) AS n FROM (SELECT DISTINCT role, account FROM gone WHERE ends IS NULL) g
      WHERE NOT EXISTS (SELECT 1 FROM role_assignments o WHERE o.account = g.account AND o.role = g.role AND o.ends IS NULL)
      GROUP BY g.role) less WHERE roles.key = less.role;
  RETURN NULL;
END $$;
CREATE TRIGGER role_assignments_added AFTER INSERT ON role_assignments
  REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION role_assignments_added();
CREATE TRIGGER role_assignments_changed AFTER UPDATE ON role_assignments
  REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION role_assignments_changed();
CREATE TRIGGER role_assignments_removed AFTER DELETE ON role_assignments
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION role_assignments_removed();

CREATE FUNCTION organizations_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE identity_stores SET organizations = organizations + more.n
    FROM (SELECT store, count(*) AS n FROM came GROUP BY store) more WHERE identity_stores.key = more.store;
  RETURN NULL;
END $$;
CREATE FUNCTION organizations_removed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE identity_stores SET organizations = organizations - less.n
    FROM (SELECT store, count(*) AS n FROM gone GROUP BY store) less WHERE identity_stores.key = less.store;
  RETURN NULL;
END $$;
CREATE TRIGGER organizations_added AFTER INSERT ON organizations
  REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION organizations_added();
CREATE TRIGGER organizations_removed AFTER DELETE ON organizations
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION organizations_removed();
