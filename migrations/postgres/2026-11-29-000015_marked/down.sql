DROP TRIGGER freshness_roles_changed ON roles;
CREATE TRIGGER freshness_roles_changed AFTER UPDATE OF name, rights ON roles FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
