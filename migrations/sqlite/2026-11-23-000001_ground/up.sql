-- What the installation knows about itself: name and value.
CREATE TABLE settings (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- S-1. Maintained count: accounts.
CREATE TABLE identity_stores (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  name_folded TEXT NOT NULL UNIQUE,
  slug TEXT NOT NULL UNIQUE,
  built_in INTEGER NOT NULL,
  self_registration INTEGER NOT NULL,
  organization_registration INTEGER NOT NULL,
  accounts INTEGER NOT NULL,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT;

-- S-2.
CREATE TABLE attributes (
  store INTEGER NOT NULL REFERENCES identity_stores (key),
  name TEXT NOT NULL,
  label TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('text', 'multiline', 'email', 'phone', 'date', 'number', 'choice', 'yes_no', 'url')),
  required INTEGER NOT NULL,
  choices TEXT NOT NULL,
  portal_visible INTEGER NOT NULL,
  portal_editable INTEGER NOT NULL,
  personal INTEGER NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (store, name),
  CHECK (portal_visible OR NOT portal_editable)
) STRICT, WITHOUT ROWID;

-- O-1. The root organization is the only one without a parent.
CREATE TABLE organizations (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  store INTEGER NOT NULL REFERENCES identity_stores (key),
  parent INTEGER REFERENCES organizations (key),
  name TEXT NOT NULL,
  name_folded TEXT NOT NULL,
  name_sort TEXT NOT NULL,
  description TEXT NOT NULL,
  external_id TEXT,
  metadata TEXT NOT NULL,
  active INTEGER NOT NULL,
  self_registration INTEGER NOT NULL,
  organization_registration INTEGER NOT NULL,
  depth INTEGER NOT NULL,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  UNIQUE (store, parent, name_folded)
) STRICT;
CREATE UNIQUE INDEX organizations_root ON organizations (parent IS NULL) WHERE parent IS NULL;
CREATE INDEX organizations_parent ON organizations (parent, name_sort, key);
CREATE INDEX organizations_store_name ON organizations (store, name_sort, key);
CREATE INDEX organizations_inactive ON organizations (key) WHERE NOT active;

-- O-4: itself and everything below, with the distance.
CREATE TABLE organization_closure (
  ancestor INTEGER NOT NULL REFERENCES organizations (key),
  descendant INTEGER NOT NULL REFERENCES organizations (key),
  depth INTEGER NOT NULL,
  PRIMARY KEY (ancestor, descendant)
) STRICT, WITHOUT ROWID;
CREATE INDEX organization_closure_up ON organization_closure (descendant, ancestor, depth);

-- S-3, S-4. email and username repeat the identifiers, for lists.
CREATE TABLE accounts (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  store INTEGER NOT NULL REFERENCES identity_stores (key),
  name TEXT NOT NULL,
  name_sort TEXT NOT NULL,
  email TEXT,
  username TEXT,
  search TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('invited', 'active', 'disabled')),
  locked_until INTEGER,
  password_hash TEXT,
  change_password INTEGER NOT NULL,
  attributes TEXT NOT NULL,
  last_sign_in_at INTEGER,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX accounts_store_name ON accounts (store, name_sort, key);
CREATE INDEX accounts_store_last ON accounts (store, coalesce(last_sign_in_at, 0), key);

-- S-3: user names and e-mails share one namespace per store.
CREATE TABLE identifiers (
  store INTEGER NOT NULL REFERENCES identity_stores (key),
  folded TEXT NOT NULL,
  account INTEGER NOT NULL REFERENCES accounts (key),
  kind TEXT NOT NULL CHECK (kind IN ('email', 'username')),
  PRIMARY KEY (store, folded)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX identifiers_account ON identifiers (account, kind);
CREATE INDEX identifiers_folded ON identifiers (folded);

-- Groups are labels: no right depends on them.
CREATE TABLE account_groups (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  store INTEGER NOT NULL REFERENCES identity_stores (key),
  name TEXT NOT NULL,
  name_folded TEXT NOT NULL,
  UNIQUE (store, name_folded)
) STRICT;
CREATE TABLE account_group_members (
  account INTEGER NOT NULL REFERENCES accounts (key),
  account_group INTEGER NOT NULL REFERENCES account_groups (key),
  PRIMARY KEY (account, account_group)
) STRICT, WITHOUT ROWID;
CREATE INDEX account_group_members_group ON account_group_members (account_group, account);

-- S-7.
CREATE TABLE memberships (
  account INTEGER NOT NULL REFERENCES accounts (key),
  organization INTEGER NOT NULL REFERENCES organizations (key),
  status TEXT NOT NULL CHECK (status IN ('active', 'blocked')),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account, organization)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships_organization ON memberships (organization, account);

-- R-*: organization roles.
CREATE TABLE roles (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  store INTEGER NOT NULL REFERENCES identity_stores (key),
  name TEXT NOT NULL,
  name_folded TEXT NOT NULL,
  name_sort TEXT NOT NULL,
  description TEXT NOT NULL,
  auto_every INTEGER NOT NULL,
  auto_first INTEGER NOT NULL,
  rights INTEGER NOT NULL CHECK (rights > 0),
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  changed_by TEXT,
  UNIQUE (store, name_folded)
) STRICT;

-- A-1, A-5: one row per organization, role and account.
CREATE TABLE role_assignments (
  organization INTEGER NOT NULL REFERENCES organizations (key),
  role INTEGER NOT NULL REFERENCES roles (key),
  account INTEGER NOT NULL REFERENCES accounts (key),
  starts INTEGER,
  ends INTEGER,
  reason TEXT NOT NULL,
  given TEXT NOT NULL CHECK (given IN ('hand', 'automatic', 'invitation', 'import')),
  given_by TEXT,
  given_at INTEGER NOT NULL,
  PRIMARY KEY (organization, role, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX role_assignments_account ON role_assignments (account, organization, role);
CREATE INDEX role_assignments_role ON role_assignments (role, organization);

-- D-2, D-5.
CREATE TABLE administrator_roles (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  name_folded TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('super', 'root', 'other')),
  permissions TEXT NOT NULL,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX administrator_roles_super ON administrator_roles (kind) WHERE kind = 'super';

-- D-6.
CREATE TABLE scopes (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  organization INTEGER NOT NULL REFERENCES organizations (key),
  name TEXT NOT NULL,
  name_folded TEXT NOT NULL,
  description TEXT NOT NULL,
  reach TEXT NOT NULL CHECK (reach IN ('this', 'this_and_children', 'this_and_below', 'children', 'below')),
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  UNIQUE (organization, name_folded)
) STRICT;

-- D-7 to D-10; through names the grant that this one was handed on from. Z-6: the same three make one grant.
CREATE TABLE grants (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  role INTEGER NOT NULL REFERENCES administrator_roles (key),
  account INTEGER NOT NULL REFERENCES accounts (key),
  scope INTEGER REFERENCES scopes (key),
  cascading INTEGER NOT NULL,
  through INTEGER REFERENCES grants (key),
  starts INTEGER,
  ends INTEGER,
  reason TEXT NOT NULL,
  given_by TEXT,
  given_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX grants_one ON grants (role, account, coalesce(scope, 0));
CREATE INDEX grants_account ON grants (account);
CREATE INDEX grants_scope ON grants (scope);
CREATE INDEX grants_through ON grants (through);

-- I-5: the id of a session is kept only as a hash.
CREATE TABLE sessions (
  hash TEXT NOT NULL PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  account INTEGER NOT NULL REFERENCES accounts (key),
  state TEXT NOT NULL,
  address TEXT,
  agent TEXT,
  created_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_account ON sessions (account, seen_at);

-- I-4: failures per account and per address; the name says of what.
CREATE TABLE throttles (
  name TEXT NOT NULL PRIMARY KEY,
  failures INTEGER NOT NULL,
  blocked_until INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- screens.md 3.2: the answer to a form that was sent twice.
CREATE TABLE once_keys (
  account INTEGER NOT NULL REFERENCES accounts (key),
  once TEXT NOT NULL,
  location TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account, once)
) STRICT, WITHOUT ROWID;

-- screens.md 4.16: what a person likes.
CREATE TABLE preferences (
  account INTEGER NOT NULL PRIMARY KEY REFERENCES accounts (key),
  appearance TEXT NOT NULL,
  density TEXT NOT NULL,
  time_zone TEXT,
  per_page INTEGER NOT NULL,
  shortcuts INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- screens.md 3.6: a selection that survives everything.
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

-- E-1, E-2: append-only and hash-chained; hashes are hexadecimal.
CREATE TABLE events (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  at INTEGER NOT NULL,
  actor TEXT,
  actor_name TEXT NOT NULL,
  through TEXT,
  action TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused')),
  address TEXT,
  agent TEXT,
  request TEXT,
  detail_hash TEXT NOT NULL,
  previous TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX events_action ON events (action, key);
CREATE INDEX events_refused ON events (actor, at) WHERE outcome = 'refused';
CREATE TABLE event_subjects (
  event INTEGER NOT NULL REFERENCES events (key),
  position INTEGER NOT NULL,
  noun TEXT NOT NULL,
  id TEXT NOT NULL,
  organization INTEGER,
  store INTEGER,
  PRIMARY KEY (event, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_subjects_thing ON event_subjects (noun, id, event);
CREATE INDEX event_subjects_organization ON event_subjects (organization, event);
CREATE TABLE event_details (
  event INTEGER NOT NULL PRIMARY KEY REFERENCES events (key),
  salt TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Substring search: trigrams over the one stored, folded text.
CREATE VIRTUAL TABLE account_search USING fts5 (search, content = 'accounts', content_rowid = 'key', tokenize = 'trigram');
CREATE TRIGGER account_search_insert AFTER INSERT ON accounts BEGIN
  INSERT INTO account_search (rowid, search) VALUES (new.key, new.search);
END;
CREATE TRIGGER account_search_delete AFTER DELETE ON accounts BEGIN
  INSERT INTO account_search (account_search, rowid, search) VALUES ('delete', old.key, old.search);
END;
CREATE TRIGGER account_search_update AFTER UPDATE OF search ON accounts WHEN old.search IS NOT new.search BEGIN
  INSERT INTO account_search (account_search, rowid, search) VALUES ('delete', old.key, old.search);
  INSERT INTO account_search (rowid, search) VALUES (new.key, new.search);
END;
