-- Tables for PostgreSQL, made where they are missing at every start. Those of akka-persistence-r2dbc 1.1 come first: names and types are the library's contract.
-- The library's slice indexes are left out: only eventsBySlices reads them, and each would cost every write.

CREATE TABLE IF NOT EXISTS event_journal (
  persistence_id      VARCHAR(255) NOT NULL,
  seq_nr              BIGINT       NOT NULL,
  slice               INT          NOT NULL,
  entity_type         VARCHAR(255) NOT NULL,
  db_timestamp        TIMESTAMPTZ  NOT NULL,
  event_ser_id        INTEGER      NOT NULL,
  event_ser_manifest  VARCHAR(255) NOT NULL,
  event_payload       BYTEA        NOT NULL,
  deleted             BOOLEAN      NOT NULL DEFAULT FALSE,
  writer              VARCHAR(255) NOT NULL,
  tags                TEXT ARRAY,
  adapter_manifest    VARCHAR(255),
  meta_ser_id         INTEGER,
  meta_ser_manifest   VARCHAR(255),
  meta_payload        BYTEA,
  -- The last guard against two writers of one entity.
  PRIMARY KEY (persistence_id, seq_nr)
);

CREATE TABLE IF NOT EXISTS snapshot (
  persistence_id     VARCHAR(255) NOT NULL PRIMARY KEY,
  seq_nr             BIGINT       NOT NULL,
  slice              INT          NOT NULL,
  entity_type        VARCHAR(255) NOT NULL,
  write_timestamp    BIGINT       NOT NULL,
  ser_id             INTEGER      NOT NULL,
  ser_manifest       VARCHAR(255) NOT NULL,
  snapshot           BYTEA        NOT NULL,
  meta_ser_id        INTEGER,
  meta_ser_manifest  VARCHAR(255),
  meta_payload       BYTEA
);

-- The primary key cannot guard numbers whose events are deleted, as those before a snapshot are: an entity on a node that stood still while
-- others went on would store what no recovery reads.
DO $outer$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'behind_snapshot' AND tgrelid = 'event_journal'::regclass) THEN
    CREATE OR REPLACE FUNCTION refuse_behind_snapshot() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN
      IF EXISTS (SELECT 1 FROM snapshot WHERE persistence_id = NEW.persistence_id AND seq_nr >= NEW.seq_nr) THEN
        RAISE unique_violation USING MESSAGE = 'event ' || NEW.seq_nr || ' of ' || NEW.persistence_id || ' is behind its snapshot';
      END IF;
      RETURN NEW;
    END $body$;
    CREATE TRIGGER behind_snapshot BEFORE INSERT ON event_journal
      FOR EACH ROW WHEN (NOT NEW.deleted) EXECUTE FUNCTION refuse_behind_snapshot();
  END IF;
END $outer$;

-- Conversations' text, each message once; read back by following the parents of the last one.
CREATE TABLE IF NOT EXISTS conversation_message (
  tenant       TEXT        NOT NULL,
  fingerprint  UUID        NOT NULL,
  -- Null for the tool definitions, with which every conversation begins.
  parent       UUID,
  body         TEXT        NOT NULL,
  used_at      TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, fingerprint)
);

CREATE INDEX IF NOT EXISTS conversation_message_used_at ON conversation_message (used_at);

-- Responses that clients may come back to: what each answers, and itself.
CREATE TABLE IF NOT EXISTS stored_response (
  tenant    TEXT        NOT NULL,
  id        TEXT        NOT NULL,
  -- The response that it continues; null at the beginning of a conversation.
  previous  TEXT,
  input     TEXT        NOT NULL,
  body      TEXT        NOT NULL,
  used_at   TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, id)
);

-- What was the time of its making is now that of its last use.
DO $outer$ BEGIN
  IF EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = 'stored_response'::regclass AND attname = 'made_at') THEN
    ALTER TABLE stored_response RENAME COLUMN made_at TO used_at;
    DROP INDEX IF EXISTS stored_response_made_at;
  END IF;
END $outer$;

-- By tenant first, for what is too much of one; what is too old is looked for seldom enough to read all of it.
CREATE INDEX IF NOT EXISTS stored_response_used_at ON stored_response (tenant, used_at);

-- Which response put out an item.
CREATE TABLE IF NOT EXISTS stored_response_item (
  tenant    TEXT        NOT NULL,
  id        TEXT        NOT NULL,
  response  TEXT        NOT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, response) REFERENCES stored_response (tenant, id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS stored_response_item_response ON stored_response_item (tenant, response);

-- Which nodes go on when nodes of the cluster lose each other: one row per cluster, held until it expires.
CREATE TABLE IF NOT EXISTS survivor_lease (
  name        TEXT        NOT NULL PRIMARY KEY,
  owner       TEXT        NOT NULL,
  -- Nodes that the owner can reach, itself among them.
  side        TEXT ARRAY  NOT NULL,
  expires_at  TIMESTAMPTZ NOT NULL
);
