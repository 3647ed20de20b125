-- screens.md 4.6: how many second factors that count an account has, kept, so that those without one are found however few
-- they are.
ALTER TABLE accounts ADD COLUMN factors bigint NOT NULL DEFAULT 0;
UPDATE accounts SET factors = (SELECT count(*) FROM authenticators WHERE account = accounts.key AND confirmed_at IS NOT NULL)
  WHERE key IN (SELECT account FROM authenticators WHERE confirmed_at IS NOT NULL);
CREATE INDEX accounts_without_factor ON accounts (store, factors, key) WHERE factors = 0;

CREATE FUNCTION authenticators_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE accounts SET factors = factors + more.n
    FROM (SELECT account, count(*) AS n FROM came WHERE confirmed_at IS NOT NULL GROUP BY account) more WHERE accounts.key = more.account;
  RETURN NULL;
END $$;
-- Whose an authenticator is never changes.
CREATE FUNCTION authenticators_confirmed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE accounts SET factors = factors + more.n
    FROM (SELECT a.account, count(a.confirmed_at) - count(b.confirmed_at) AS n FROM before b JOIN after a ON a.key = b.key
      GROUP BY a.account) more WHERE accounts.key = more.account AND more.n <> 0;
  RETURN NULL;
END $$;
CREATE FUNCTION authenticators_removed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE accounts SET factors = factors - less.n
    FROM (SELECT account, count(*) AS n FROM gone WHERE confirmed_at IS NOT NULL GROUP BY account) less WHERE accounts.key = less.account;
  RETURN NULL;
END $$;
CREATE TRIGGER authenticators_added AFTER INSERT ON authenticators
  REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION authenticators_added();
CREATE TRIGGER authenticators_confirmed AFTER UPDATE ON authenticators
  REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION authenticators_confirmed();
CREATE TRIGGER authenticators_removed AFTER DELETE ON authenticators
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION authenticators_removed();

-- The filters of the list of accounts: each finds a few by an index.
CREATE INDEX accounts_created ON accounts (store, created_at, key);
CREATE INDEX accounts_not_active ON accounts (store, status, key) WHERE status <> 'active';
CREATE INDEX memberships_blocked ON memberships (status, organization, account) WHERE status = 'blocked';
CREATE INDEX verifications_verified ON verifications (verified, account);

-- screens.md 3.6: accounts are also chosen without a pair, to do something else with them.
ALTER TABLE selection_drafts ALTER COLUMN organization DROP NOT NULL;
ALTER TABLE selection_drafts ALTER COLUMN role DROP NOT NULL;
