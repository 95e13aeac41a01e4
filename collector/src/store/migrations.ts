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
] as const;
