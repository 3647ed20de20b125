DROP TABLE invitation_roles;
DROP TABLE invitations;
DROP TABLE codes;
DROP TABLE authenticators;
DROP TABLE verifications;
DROP TABLE links;
DELETE FROM identifiers WHERE EXISTS (
  SELECT 1 FROM identifier_changes c WHERE c.account = identifiers.account AND c.kind = identifiers.kind AND c.confirmed_at IS NULL)
  AND NOT confirmed AND EXISTS (
  SELECT 1 FROM identifiers o WHERE o.account = identifiers.account AND o.kind = identifiers.kind AND o.confirmed);
DROP INDEX identifiers_account;
CREATE UNIQUE INDEX identifiers_account ON identifiers (account, kind);
DROP TABLE identifier_changes;
DROP TABLE favourites;
