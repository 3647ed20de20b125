-- The triggers of 000002 anew. The + before the role keeps SQLite, which has no statistics here, from looking through
-- everybody who holds the role instead of through what the account holds.
DROP TRIGGER role_assignments_removed;
DROP TRIGGER role_assignments_changed;
DROP TRIGGER role_assignments_added;

CREATE TRIGGER role_assignments_added AFTER INSERT ON role_assignments BEGIN
  INSERT INTO pairs (organization, role, assignments, lasting, given_at)
    VALUES (new.organization, new.role, 1, new.ends IS NULL, new.given_at)
    ON CONFLICT (organization, role) DO UPDATE SET
      assignments = assignments + 1, lasting = lasting + excluded.lasting, given_at = max(given_at, excluded.given_at);
  UPDATE roles SET lasting = lasting + 1 WHERE key = new.role AND new.ends IS NULL AND NOT EXISTS (
    SELECT 1 FROM role_assignments o WHERE o.account = new.account AND +o.role = new.role AND o.ends IS NULL
      AND o.organization <> new.organization);
END;
-- Who holds what where never changes in a row.
CREATE TRIGGER role_assignments_changed AFTER UPDATE OF ends, given_at ON role_assignments BEGIN
  UPDATE pairs SET lasting = lasting + (new.ends IS NULL) - (old.ends IS NULL), given_at = max(given_at, new.given_at)
    WHERE organization = new.organization AND role = new.role;
  UPDATE roles SET lasting = lasting + (new.ends IS NULL) - (old.ends IS NULL)
    WHERE key = new.role AND (new.ends IS NULL) <> (old.ends IS NULL) AND NOT EXISTS (
    SELECT 1 FROM role_assignments o WHERE o.account = new.account AND +o.role = new.role AND o.ends IS NULL
      AND o.organization <> new.organization);
END;
CREATE TRIGGER role_assignments_removed AFTER DELETE ON role_assignments BEGIN
  UPDATE pairs SET assignments = assignments - 1, lasting = lasting - (old.ends IS NULL)
    WHERE organization = old.organization AND role = old.role;
  DELETE FROM pairs WHERE organization = old.organization AND role = old.role AND assignments = 0;
  UPDATE roles SET lasting = lasting - 1 WHERE key = old.role AND old.ends IS NULL AND NOT EXISTS (
    SELECT 1 FROM role_assignments o WHERE o.account = old.account AND +o.role = old.role AND o.ends IS NULL);
END;
