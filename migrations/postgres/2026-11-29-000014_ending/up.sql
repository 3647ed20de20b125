-- Invitations that end soon are asked for on every home page.
CREATE INDEX invitations_ending ON invitations (store, ends_at) WHERE status = 'pending';
