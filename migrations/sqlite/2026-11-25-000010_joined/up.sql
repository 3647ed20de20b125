-- A-7: whether an organization ever had a member or an assignment is kept for good, as its first person is given a role.
ALTER TABLE organizations ADD COLUMN peopled INTEGER NOT NULL DEFAULT 0;
UPDATE organizations SET peopled = 1
  WHERE key IN (SELECT organization FROM memberships) OR key IN (SELECT organization FROM role_assignments);
DROP TRIGGER memberships_added;
CREATE TRIGGER memberships_added AFTER INSERT ON memberships BEGIN
  UPDATE organizations SET members = members + 1, peopled = 1 WHERE key = new.organization;
END;
CREATE TRIGGER role_assignments_people AFTER INSERT ON role_assignments BEGIN
  UPDATE organizations SET peopled = 1 WHERE key = new.organization AND peopled = 0;
END;

-- I-3: by which people find the organization that they may join; none until somebody makes one.
ALTER TABLE organizations ADD COLUMN join_code TEXT;
CREATE UNIQUE INDEX organizations_join_code ON organizations (store, join_code);

-- I-3: people who registered and have not yet shown that the e-mail address is theirs. Without a password the address had an
-- account, so that there is nothing to confirm. Of the link only the hash is kept.
CREATE TABLE registrations (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  store INTEGER NOT NULL REFERENCES identity_stores (key),
  organization INTEGER REFERENCES organizations (key),
  new_organization TEXT,
  email TEXT NOT NULL,
  email_folded TEXT NOT NULL,
  name TEXT NOT NULL,
  password_hash TEXT,
  attributes TEXT NOT NULL,
  consent TEXT NOT NULL,
  token TEXT UNIQUE,
  letters INTEGER NOT NULL,
  sent_at INTEGER,
  ends_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX registrations_address ON registrations (email_folded, created_at);
CREATE INDEX registrations_organization ON registrations (organization);
CREATE INDEX registrations_store ON registrations (store);
CREATE INDEX registrations_ends ON registrations (ends_at);
