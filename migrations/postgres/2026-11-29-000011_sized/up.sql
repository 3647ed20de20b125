-- What processes keep in memory of who may do what, and of what organizations and stores are called, they keep only as
-- long as this mark stands. Triggers change it with whatever that is read from, whoever writes; it never comes again.
CREATE TABLE freshness (
  one bigint NOT NULL PRIMARY KEY CHECK (one = 1),
  mark bigint NOT NULL
);
INSERT INTO freshness (one, mark) VALUES (1, hashtextextended(gen_random_uuid()::text, 0));

-- Once in a transaction: nobody sees what it does before it is through.
CREATE FUNCTION freshness_ends() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE freshness SET mark = hashtextextended(gen_random_uuid()::text, 0)
    WHERE xmin::text <> pg_current_xact_id()::xid::text;
  RETURN NULL;
END $$;
CREATE TRIGGER freshness_accounts_went AFTER DELETE ON accounts FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_accounts_changed AFTER UPDATE OF id, store, name, email, username, status, change_password ON accounts FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_memberships_came AFTER INSERT ON memberships FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_memberships_went AFTER DELETE ON memberships FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_memberships_changed AFTER UPDATE OF status ON memberships FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_organizations_came AFTER INSERT ON organizations FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_organizations_went AFTER DELETE ON organizations FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_organizations_changed AFTER UPDATE OF id, store, parent, name, active ON organizations FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_role_assignments_came AFTER INSERT ON role_assignments FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_role_assignments_went AFTER DELETE ON role_assignments FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_role_assignments_changed AFTER UPDATE OF starts, ends ON role_assignments FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_roles_came AFTER INSERT ON roles FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_roles_went AFTER DELETE ON roles FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_roles_changed AFTER UPDATE OF name, rights ON roles FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_grants_came AFTER INSERT ON grants FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_grants_went AFTER DELETE ON grants FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_grants_changed AFTER UPDATE ON grants FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_administrator_roles_came AFTER INSERT ON administrator_roles FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_administrator_roles_went AFTER DELETE ON administrator_roles FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_administrator_roles_changed AFTER UPDATE ON administrator_roles FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_scopes_came AFTER INSERT ON scopes FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_scopes_went AFTER DELETE ON scopes FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_scopes_changed AFTER UPDATE ON scopes FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_identity_stores_came AFTER INSERT ON identity_stores FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_identity_stores_went AFTER DELETE ON identity_stores FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
CREATE TRIGGER freshness_identity_stores_changed AFTER UPDATE ON identity_stores FOR EACH STATEMENT EXECUTE FUNCTION freshness_ends();
