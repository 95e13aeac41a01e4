// The store's schema, one step a version. A step is never changed once it was released; a new one is added.

/** Entry i brings the schema from version i to i + 1. */
export const MIGRATIONS = [
  `CREATE TABLE traces (
     trace_id TEXT PRIMARY KEY,
     kept_ms REAL NOT NULL,
     error_count INTEGER NOT NULL,
     size INTEGER NOT NULL,
     reason TEXT NOT NULL,
     search TEXT NOT NULL,
     summary TEXT NOT NULL
   ) STRICT;
   CREATE INDEX traces_by_age ON traces (kept_ms);
   CREATE TABLE trace_parts (
     trace_id TEXT NOT NULL REFERENCES traces (trace_id) ON DELETE CASCADE,
     body BLOB NOT NULL
   ) STRICT;
   CREATE INDEX parts_by_trace ON trace_parts (trace_id);`,
  // Ids stand before the body, which is on pages of its own: a search for one reads no body.
  `CREATE TABLE batches (
     id INTEGER PRIMARY KEY,
     kept_ms REAL NOT NULL,
     traces INTEGER NOT NULL,
     size INTEGER NOT NULL,
     trace_ids BLOB NOT NULL,
     reasons TEXT NOT NULL,
     late TEXT NOT NULL,
     body BLOB NOT NULL
   ) STRICT;
   INSERT INTO batches (kept_ms, traces, size, trace_ids, reasons, late, body)
     SELECT kept_ms, is_first, length(body), unhex(trace_id), json_array(reason), iif(is_first, '[]', '[0]'), body
     FROM (
       SELECT traces.*, body, part,
         part = min(part) OVER (PARTITION BY traces.trace_id) AS is_first
       FROM traces JOIN (SELECT rowid AS part, trace_id AS part_of, body FROM trace_parts) ON part_of = trace_id
     )
     ORDER BY part;
   DROP TABLE trace_parts;
   DROP TABLE traces;`,
] as const;
