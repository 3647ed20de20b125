-- What processes keep in memory of who may do what, and of what organizations and stores are called, they keep only as
-- long as this mark stands. Triggers change it with whatever that is read from, whoever writes; it never comes again.
CREATE TABLE freshness (
  one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
  mark INTEGER NOT NULL
) STRICT;
INSERT INTO freshness (one, mark) VALUES (1, random());

CREATE TRIGGER freshness_accounts_went AFTER DELETE ON accounts BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_accounts_changed AFTER UPDATE OF id, store, name, email, username, status, change_password ON accounts BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_memberships_came AFTER INSERT ON memberships BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_memberships_went AFTER DELETE ON memberships BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_memberships_changed AFTER UPDATE OF status ON memberships BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_organizations_came AFTER INSERT ON organizations BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_organizations_went AFTER DELETE ON organizations BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_organizations_changed AFTER UPDATE OF id, store, parent, name, active ON organizations BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_role_assignments_came AFTER INSERT ON role_assignments BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_role_assignments_went AFTER DELETE ON role_assignments BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_role_assignments_changed AFTER UPDATE OF starts, ends ON role_assignments BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_roles_came AFTER INSERT ON roles BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_roles_went AFTER DELETE ON roles BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_roles_changed AFTER UPDATE OF name, rights ON roles BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_grants_came AFTER INSERT ON grants BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_grants_went AFTER DELETE ON grants BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_grants_changed AFTER UPDATE ON grants BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_administrator_roles_came AFTER INSERT ON administrator_roles BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_administrator_roles_went AFTER DELETE ON administrator_roles BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_administrator_roles_changed AFTER UPDATE ON administrator_roles BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_scopes_came AFTER INSERT ON scopes BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_scopes_went AFTER DELETE ON scopes BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_scopes_changed AFTER UPDATE ON scopes BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_identity_stores_came AFTER INSERT ON identity_stores BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_identity_stores_went AFTER DELETE ON identity_stores BEGIN UPDATE freshness SET mark = random(); END;
CREATE TRIGGER freshness_identity_stores_changed AFTER UPDATE ON identity_stores BEGIN UPDATE freshness SET mark = random(); END;
