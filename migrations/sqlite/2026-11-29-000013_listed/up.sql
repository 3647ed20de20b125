-- screens.md 4.6: how many second factors that count an account has, kept, so that those without one are found however few
-- they are.
ALTER TABLE accounts ADD COLUMN factors INTEGER NOT NULL DEFAULT 0;
UPDATE accounts SET factors = (SELECT count(*) FROM authenticators WHERE account = accounts.key AND confirmed_at IS NOT NULL)
  WHERE key IN (SELECT account FROM authenticators WHERE confirmed_at IS NOT NULL);
CREATE INDEX accounts_without_factor ON accounts (store, factors, key) WHERE factors = 0;

CREATE TRIGGER authenticators_added AFTER INSERT ON authenticators WHEN new.confirmed_at IS NOT NULL BEGIN
  UPDATE accounts SET factors = factors + 1 WHERE key = new.account;
END;
CREATE TRIGGER authenticators_confirmed AFTER UPDATE OF confirmed_at ON authenticators
  WHEN (new.confirmed_at IS NULL) <> (old.confirmed_at IS NULL) BEGIN
  UPDATE accounts SET factors = factors + CASE WHEN new.confirmed_at IS NULL THEN -1 ELSE 1 END WHERE key = new.account;
END;
CREATE TRIGGER authenticators_removed AFTER DELETE ON authenticators WHEN old.confirmed_at IS NOT NULL BEGIN
  UPDATE accounts SET factors = factors - 1 WHERE key = old.account;
END;

-- The filters of the list of accounts: each finds a few by an index.
CREATE INDEX accounts_created ON accounts (store, created_at, key);
CREATE INDEX accounts_not_active ON accounts (store, status, key) WHERE status <> 'active';
CREATE INDEX memberships_blocked ON memberships (status, organization, account) WHERE status = 'blocked';
CREATE INDEX verifications_verified ON verifications (verified, account);

-- screens.md 3.6: accounts are also chosen without a pair, to do something else with them. What is chosen now is let go.
DROP TABLE selection_items;
DROP TABLE selection_drafts;
CREATE TABLE selection_drafts (
  id TEXT NOT NULL PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES accounts (key),
  store INTEGER NOT NULL REFERENCES identity_stores (key),
  organization INTEGER REFERENCES organizations (key),
  role INTEGER REFERENCES roles (key),
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
