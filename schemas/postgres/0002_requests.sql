-- Requests of programs: the same key again is the same dispute, or the same job.
ALTER TABLE disputes ADD COLUMN request_key text UNIQUE;
ALTER TABLE jobs ADD COLUMN request_key text UNIQUE;
