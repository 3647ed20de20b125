DROP TABLE event_briefs;
