-- What lists read of an event whose detail is long: the same, with how many in the place of a list of names.
CREATE TABLE event_briefs (
  event INTEGER NOT NULL PRIMARY KEY REFERENCES event_details (event) ON DELETE CASCADE,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO event_briefs (event, body)
  SELECT d.event, (SELECT json_group_object(f.key, json(
      CASE WHEN f.type = 'array' AND json_array_length(f.value) > 3 THEN json_array_length(f.value) ELSE d.body -> f.fullkey END))
    FROM json_each(d.body) f)
  FROM event_details d WHERE octet_length(d.body) > 4096;
