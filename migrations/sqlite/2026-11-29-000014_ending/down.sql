DROP INDEX invitations_ending;
