-- I-4: a code may also go to the e-mail address of an account that has no authenticator, so codes are kept by what they are
-- sent to: the id of an authenticator, or the account's own address. Each is known by its mark alone.
DROP TABLE codes;
CREATE TABLE codes (
  account INTEGER NOT NULL REFERENCES accounts (key),
  purpose TEXT NOT NULL CHECK (purpose IN ('sign-in', 'confirm')),
  target TEXT NOT NULL,
  mark TEXT NOT NULL,
  tries INTEGER NOT NULL,
  sent_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  PRIMARY KEY (account, purpose, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX codes_ends ON codes (ends_at);
