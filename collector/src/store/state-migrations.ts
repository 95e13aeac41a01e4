// The schema of what rooms keep over restarts, one step a version. A step is never changed once it was released.

/** Entry i brings the schema from version i to i + 1. */
export const STATE_MIGRATIONS = [
  // SQLite does not notice a byte that has changed within a body, so each has its checksum.
  `CREATE TABLE documents (
     room TEXT NOT NULL,
     key TEXT NOT NULL,
     body BLOB NOT NULL,
     crc INTEGER NOT NULL,
     saved_ms REAL NOT NULL,
     PRIMARY KEY (room, key)
   ) STRICT;`,
] as const;
