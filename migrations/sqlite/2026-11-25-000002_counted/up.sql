-- Counts that are kept, so that no page counts what may be large (quality.md). Triggers keep them, whoever writes.

-- A-5: how many assignments a pair has, how many of them have no end, and when it was last given. What has an end is
-- counted when somebody asks, by the indexes below: time alone ends it.
CREATE TABLE pairs (
  organization INTEGER NOT NULL REFERENCES organizations (key),
  role INTEGER NOT NULL REFERENCES roles (key),
  assignments INTEGER NOT NULL,
  lasting INTEGER NOT NULL,
  given_at INTEGER NOT NULL,
  PRIMARY KEY (organization, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX pairs_role ON pairs (role, organization, lasting);
CREATE INDEX role_assignments_pair_ends ON role_assignments (organization, role, ends) WHERE ends IS NOT NULL;
CREATE INDEX role_assignments_role_ends ON role_assignments (role, ends, account) WHERE ends IS NOT NULL;

-- How many accounts hold the role without an end, each counted once.
ALTER TABLE roles ADD COLUMN lasting INTEGER NOT NULL DEFAULT 0;
ALTER TABLE identity_stores ADD COLUMN organizations INTEGER NOT NULL DEFAULT 0;

INSERT INTO pairs (organization, role, assignments, lasting, given_at)
  SELECT organization, role, count(*), count(*) - count(ends), max(given_at) FROM role_assignments GROUP BY organization, role;
UPDATE roles SET lasting = (SELECT count(DISTINCT account) FROM role_assignments WHERE role = roles.key AND ends IS NULL);
UPDATE identity_stores SET organizations = (SELECT count(*) FROM organizations WHERE store = identity_stores.key);

CREATE TRIGGER role_assignments_added AFTER INSERT ON role_assignments BEGIN
  INSERT INTO pairs (organization, role, assignments, lasting, given_at)
    VALUES (new.organization, new.role, 1, new.ends IS NULL, new.given_at)
    ON CONFLICT (organization, role) DO UPDATE SET
      assignments = assignments + 1, lasting = lasting + excluded.lasting, given_at = max(given_at, excluded.given_at);
  UPDATE roles SET lasting = lasting + 1 WHERE key = new.role AND new.ends IS NULL AND NOT EXISTS (
    SELECT 1 FROM role_assignments o WHERE o.account = new.account AND o.role = new.role AND o.ends IS NULL
      AND o.organization <> new.organization);
END;
-- Who holds what where never changes in a row.
CREATE TRIGGER role_assignments_changed AFTER UPDATE OF ends, given_at ON role_assignments BEGIN
  UPDATE pairs SET lasting = lasting + (new.ends IS NULL) - (old.ends IS NULL), given_at = max(given_at, new.given_at)
    WHERE organization = new.organization AND role = new.role;
  UPDATE roles SET lasting = lasting + (new.ends IS NULL) - (old.ends IS NULL)
    WHERE key = new.role AND (new.ends IS NULL) <> (old.ends IS NULL) AND NOT EXISTS (
    SELECT 1 FROM role_assignments o WHERE o.account = new.account AND o.role = new.role AND o.ends IS NULL
      AND o.organization <> new.organization);
END;
CREATE TRIGGER role_assignments_removed AFTER DELETE ON role_assignments BEGIN
  UPDATE pairs SET assignments = assignments - 1, lasting = lasting - (old.ends IS NULL)
    WHERE organization = old.organization AND role = old.role;
  DELETE FROM pairs WHERE organization = old.organization AND role = old.role AND assignments = 0;
  UPDATE roles SET lasting = lasting - 1 WHERE key = old.role AND old.ends IS NULL AND NOT EXISTS (
    SELECT 1 FROM role_assignments o WHERE o.account = old.account AND o.role = old.role AND o.ends IS NULL);
END;

CREATE TRIGGER organizations_added AFTER INSERT ON organizations BEGIN
  UPDATE identity_stores SET organizations = organizations + 1 WHERE key = new.store;
END;
CREATE TRIGGER organizations_removed AFTER DELETE ON organizations BEGIN
  UPDATE identity_stores SET organizations = organizations - 1 WHERE key = old.store;
END;
