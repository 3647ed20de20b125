-- What waits to be sent, and what became of it. The body is sealed with a key that is not in the database, because links
-- in it open accounts (I-2); it is erased when it is sent, or when it is of no use any more.
CREATE TABLE mails (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  account INTEGER REFERENCES accounts (key),
  channel TEXT NOT NULL,
  recipient TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT,
  status TEXT NOT NULL,
  tries INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  claimed_until INTEGER,
  useful_until INTEGER NOT NULL,
  error TEXT,
  created_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT;
CREATE INDEX mails_due ON mails (due_at, key) WHERE status = 'waiting';
CREATE INDEX mails_status ON mails (status, key);
CREATE INDEX mails_account ON mails (account) WHERE account IS NOT NULL;
