-- The list of roles keeps how many match its switches too, so these end what is kept as names and rights do.
DROP TRIGGER freshness_roles_changed ON roles;
CREATE TRIGGER freshness_roles_changed AFTER UPDATE OF id, store, name, auto_every, auto_first, rights ON roles FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
