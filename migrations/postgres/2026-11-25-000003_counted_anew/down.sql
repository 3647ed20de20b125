-- PostgreSQL has statistics and finds its way: only SQLite's triggers are made anew.
SELECT 1;
