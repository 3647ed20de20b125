-- Every home page counts who is locked: the index says all that is asked.
DROP INDEX accounts_locked;
CREATE INDEX accounts_locked ON accounts (store, locked_until, status) WHERE locked_until IS NOT NULL;
