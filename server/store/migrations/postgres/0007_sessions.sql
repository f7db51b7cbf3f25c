-- Sessions that were ended, by when: the sweep finds the oldest without looking at the others.
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;
