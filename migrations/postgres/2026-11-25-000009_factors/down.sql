DROP TABLE codes;
CREATE TABLE codes (
  account bigint NOT NULL REFERENCES accounts (key),
  authenticator bigint NOT NULL REFERENCES authenticators (key) ON DELETE CASCADE,
  hash text COLLATE "C" NOT NULL,
  tries integer NOT NULL,
  ends_at bigint NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (account, authenticator)
);
CREATE INDEX codes_authenticator ON codes (authenticator);
