DROP TABLE selection_items;
DROP TABLE selection_drafts;
CREATE TABLE selection_drafts (
  id TEXT NOT NULL PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES accounts (key),
  store INTEGER NOT NULL REFERENCES identity_stores (key),
  organization INTEGER NOT NULL REFERENCES organizations (key),
  role INTEGER NOT NULL REFERENCES roles (key),
  matching TEXT,
  frozen INTEGER,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX selection_drafts_account ON selection_drafts (account, expires_at);
CREATE TABLE selection_items (
  draft TEXT NOT NULL REFERENCES selection_drafts (id) ON DELETE CASCADE,
  account INTEGER NOT NULL REFERENCES accounts (key) ON DELETE CASCADE,
  included INTEGER NOT NULL,
  PRIMARY KEY (draft, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX selection_items_account ON selection_items (account);
DROP INDEX verifications_verified;
DROP INDEX memberships_blocked;
DROP INDEX accounts_not_active;
DROP INDEX accounts_created;
DROP TRIGGER authenticators_removed;
DROP TRIGGER authenticators_confirmed;
DROP TRIGGER authenticators_added;
DROP INDEX accounts_without_factor;
ALTER TABLE accounts DROP COLUMN factors;
