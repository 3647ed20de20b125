-- screens.md 3.9: what stands between the cells of exported lists.
ALTER TABLE preferences ADD COLUMN separator text COLLATE "C" NOT NULL DEFAULT 'comma';
