-- What lists read of an event whose detail is long: the same, with how many in the place of a list of names.
CREATE TABLE event_briefs (
  event bigint PRIMARY KEY REFERENCES event_details (event) ON DELETE CASCADE,
  body text COLLATE "C" NOT NULL
);

INSERT INTO event_briefs (event, body)
  SELECT d.event, (SELECT json_object_agg(f.key,
      CASE WHEN json_typeof(f.value) = 'array' AND json_array_length(f.value) > 3 THEN to_json(json_array_length(f.value)) ELSE f.value END)::text
    FROM json_each(d.body::json) f)
  FROM event_details d WHERE octet_length(d.body) > 4096;
