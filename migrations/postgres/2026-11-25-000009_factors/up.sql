-- I-4: a code may also go to the e-mail address of an account that has no authenticator, so codes are kept by what they are
-- sent to: the id of an authenticator, or the account's own address. Each is known by its mark alone.
DROP TABLE codes;
CREATE TABLE codes (
  account bigint NOT NULL REFERENCES accounts (key),
  purpose text COLLATE "C" NOT NULL CHECK (purpose IN ('sign-in', 'confirm')),
  target text COLLATE "C" NOT NULL,
  mark text COLLATE "C" NOT NULL,
  tries integer NOT NULL,
  sent_at bigint NOT NULL,
  ends_at bigint NOT NULL,
  PRIMARY KEY (account, purpose, target)
);
CREATE INDEX codes_ends ON codes (ends_at);
