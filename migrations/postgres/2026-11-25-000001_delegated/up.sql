-- Who changed an administrator role or a scope last, by name.
ALTER TABLE administrator_roles ADD COLUMN changed_by text COLLATE "C";
ALTER TABLE scopes ADD COLUMN changed_by text COLLATE "C";

-- Two people who edit a grant at once must notice.
ALTER TABLE grants ADD COLUMN rev integer NOT NULL DEFAULT 1;

-- What ends soon.
CREATE INDEX grants_ends ON grants (ends) WHERE ends IS NOT NULL;
