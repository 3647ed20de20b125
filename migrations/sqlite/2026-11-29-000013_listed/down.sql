DROP INDEX verifications_verified;
DROP INDEX memberships_blocked;
DROP INDEX accounts_not_active;
DROP INDEX accounts_created;
DROP TRIGGER authenticators_removed;
DROP TRIGGER authenticators_confirmed;
DROP TRIGGER authenticators_added;
DROP INDEX accounts_without_factor;
ALTER TABLE accounts DROP COLUMN factors;
