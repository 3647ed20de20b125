-- The list of roles keeps how many match its switches too, so these end what is kept as names and rights do.
DROP TRIGGER freshness_roles_changed;
CREATE TRIGGER freshness_roles_changed AFTER UPDATE OF id, store, name, auto_every, auto_first, rights ON roles BEGIN UPDATE freshness SET mark = random(); END;
