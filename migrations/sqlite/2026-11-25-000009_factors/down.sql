DROP TABLE codes;
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
