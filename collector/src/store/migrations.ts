// The store's schema, one step a version. A step is never changed once it was released; a new one is added.

/** Entry i brings the schema from version i to i + 1. */
export const MIGRATIONS = [
  // Trace ids stand before the body, which is on pages of its own: a search for one reads no body. Ids of batches never
  // repeat, also after the ring was empty: an answer in the making may remember places in a batch that is gone.
  `CREATE TABLE batches (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     kept_ms REAL NOT NULL,
     traces INTEGER NOT NULL,
     size INTEGER NOT NULL,
     trace_ids BLOB NOT NULL,
     reasons TEXT NOT NULL,
     late TEXT NOT NULL,
     body BLOB NOT NULL
   ) STRICT;`,
] as const;
