-- P-1: organizations that an org admin wants at the top of the switcher.
CREATE TABLE favourites (
  account INTEGER NOT NULL REFERENCES accounts (key),
  organization INTEGER NOT NULL REFERENCES organizations (key),
  PRIMARY KEY (account, organization)
) STRICT, WITHOUT ROWID;
CREATE INDEX favourites_organization ON favourites (organization);

-- P-6: identifiers that somebody wants to change. The new one has a row in identifiers, unconfirmed, and counts once its
-- owner has confirmed it; the old one counts until then, and can be had back until cancel_until.
CREATE TABLE identifier_changes (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  account INTEGER NOT NULL REFERENCES accounts (key),
  kind TEXT NOT NULL CHECK (kind IN ('email', 'username')),
  old_value TEXT,
  new_value TEXT NOT NULL,
  changed_by TEXT,
  created_at INTEGER NOT NULL,
  confirmed_at INTEGER,
  cancel_until INTEGER NOT NULL
) STRICT;
CREATE INDEX identifier_changes_account ON identifier_changes (account, kind);
DROP INDEX identifiers_account;
CREATE UNIQUE INDEX identifiers_account ON identifiers (account, kind, confirmed);

-- I-2: links in mails, each known by the hash of its token alone.
CREATE TABLE links (
  hash TEXT NOT NULL PRIMARY KEY,
  purpose TEXT NOT NULL CHECK (purpose IN ('reset', 'confirm', 'cancel')),
  account INTEGER NOT NULL REFERENCES accounts (key),
  identifier_change INTEGER REFERENCES identifier_changes (key),
  ends_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX links_account ON links (account, purpose);
CREATE INDEX links_change ON links (identifier_change);
CREATE INDEX links_ends ON links (ends_at);

-- S-3, P-7: without a row nobody has verified the account.
CREATE TABLE verifications (
  account INTEGER NOT NULL PRIMARY KEY REFERENCES accounts (key),
  verified INTEGER NOT NULL,
  verified_by TEXT,
  how TEXT NOT NULL CHECK (how IN ('hand', 'import')),
  reason TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- P-6: e-mail and phone authenticators, which count once their owner has confirmed them.
CREATE TABLE authenticators (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  account INTEGER NOT NULL REFERENCES accounts (key),
  type TEXT NOT NULL CHECK (type IN ('email', 'phone')),
  value TEXT NOT NULL,
  confirmed_at INTEGER,
  added_by TEXT,
  created_at INTEGER NOT NULL,
  UNIQUE (account, type, value)
) STRICT;

-- I-4: codes that were sent, each known by its hash alone.
CREATE TABLE codes (
  account INTEGER NOT NULL REFERENCES accounts (key),
  authenticator INTEGER NOT NULL REFERENCES authenticators (key) ON DELETE CASCADE,
  hash TEXT NOT NULL,
  tries INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account, authenticator)
) STRICT, WITHOUT ROWID;
CREATE INDEX codes_authenticator ON codes (authenticator);

-- I-1. What has ended is told from what is pending by ends_at.
CREATE TABLE invitations (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  store INTEGER NOT NULL REFERENCES identity_stores (key),
  organization INTEGER NOT NULL REFERENCES organizations (key),
  email TEXT NOT NULL,
  email_folded TEXT NOT NULL,
  message TEXT NOT NULL,
  attributes TEXT NOT NULL,
  group_names TEXT NOT NULL,
  invited_by TEXT NOT NULL,
  invited_by_name TEXT NOT NULL,
  portal INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'accepted', 'declined', 'withdrawn')),
  token TEXT UNIQUE,
  sent_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  settled_at INTEGER
) STRICT;
CREATE UNIQUE INDEX invitations_pending ON invitations (organization, email_folded) WHERE status = 'pending';
CREATE INDEX invitations_store ON invitations (store, created_at, key);
CREATE INDEX invitations_organization ON invitations (organization, created_at, key);
CREATE INDEX invitations_address ON invitations (store, email_folded, status);
CREATE TABLE invitation_roles (
  invitation INTEGER NOT NULL REFERENCES invitations (key) ON DELETE CASCADE,
  role INTEGER NOT NULL REFERENCES roles (key),
  PRIMARY KEY (invitation, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX invitation_roles_role ON invitation_roles (role);
