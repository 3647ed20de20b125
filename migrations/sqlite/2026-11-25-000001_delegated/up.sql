-- Who changed an administrator role or a scope last, by name.
ALTER TABLE administrator_roles ADD COLUMN changed_by TEXT;
ALTER TABLE scopes ADD COLUMN changed_by TEXT;

-- Two people who edit a grant at once must notice.
ALTER TABLE grants ADD COLUMN rev INTEGER NOT NULL DEFAULT 1;

-- What ends soon.
CREATE INDEX grants_ends ON grants (ends) WHERE ends IS NOT NULL;
