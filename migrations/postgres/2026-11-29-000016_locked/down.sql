DROP INDEX accounts_locked;
CREATE INDEX accounts_locked ON accounts (store, locked_until) WHERE locked_until IS NOT NULL;
