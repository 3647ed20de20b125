DROP TRIGGER freshness_roles_changed;
CREATE TRIGGER freshness_roles_changed AFTER UPDATE OF name, rights ON roles BEGIN UPDATE freshness SET mark = random(); END;
