-- O-1: the organization's part of its registration link. Empty for root.
ALTER TABLE organizations ADD COLUMN slug TEXT;
CREATE UNIQUE INDEX organizations_slug ON organizations (store, slug);

-- O-1: whose mail comes from here belongs to the organization.
CREATE TABLE organization_domains (
  store INTEGER NOT NULL REFERENCES identity_stores (key),
  domain TEXT NOT NULL,
  organization INTEGER NOT NULL REFERENCES organizations (key),
  PRIMARY KEY (store, domain)
) STRICT, WITHOUT ROWID;
CREATE INDEX organization_domains_organization ON organization_domains (organization, domain);

-- P-6: what somebody else set counts for signing in only after its owner has confirmed it.
ALTER TABLE identifiers ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 1;

-- A list of accounts that somebody uploaded and has not confirmed yet.
CREATE TABLE account_imports (
  id TEXT NOT NULL PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES accounts (key),
  store INTEGER NOT NULL REFERENCES identity_stores (key),
  name TEXT NOT NULL,
  body TEXT NOT NULL,
  result TEXT,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX account_imports_account ON account_imports (account, expires_at);

-- Work that runs by itself, once however many processes there are.
CREATE TABLE jobs (
  name TEXT NOT NULL PRIMARY KEY,
  ran_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The event log is read by who acted, in a store, and of what kind.
CREATE INDEX events_actor ON events (actor, key);
CREATE INDEX events_outcome ON events (outcome, key);
CREATE INDEX events_refused ON events (actor, at) WHERE outcome = 'refused';
CREATE INDEX event_subjects_store ON event_subjects (store, event);

CREATE INDEX sessions_seen ON sessions (seen_at);

-- The home page asks who is locked.
CREATE INDEX accounts_locked ON accounts (store, locked_until) WHERE locked_until IS NOT NULL;
