// The tables as SQL, and their rows as checked types. Dates and texts of READMEs are not kept here.
import { z } from 'zod';

export const SCHEMA = `
  CREATE TABLE package (
    path TEXT PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, license TEXT, description TEXT,
    dev INTEGER NOT NULL, optional INTEGER NOT NULL, installed INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX package_name ON package (name);
  CREATE TABLE dependency (
    from_path TEXT NOT NULL, to_path TEXT NOT NULL, PRIMARY KEY (from_path, to_path)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX dependency_to ON dependency (to_path);
  CREATE TABLE entry_point (
    path TEXT NOT NULL, subpath TEXT NOT NULL, condition TEXT NOT NULL, file TEXT NOT NULL, found INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX entry_point_path ON entry_point (path);
  CREATE TABLE finding (path TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL) STRICT;
  CREATE INDEX finding_path ON finding (path);
`;

const flag = z.number().transform((value) => value === 1);

export const packageRow = z.object({
  path: z.string(),
  name: z.string(),
  version: z.string(),
  license: z.string().nullable(),
  description: z.string().nullable(),
  dev: flag,
  optional: flag,
  installed: flag,
});

/** A package and what the other tables say about it. */
export const packageFactsRow = packageRow.extend({
  dependencies: z.number(),
  dependents: z.number(),
  entryPoints: z.number(),
  findings: z.number(),
});

export const findingRow = z.object({ path: z.string(), code: z.string(), message: z.string() });

export type PackageRow = z.output<typeof packageRow>;
export type PackageFacts = z.output<typeof packageFactsRow>;
/** A fault of the data: which package, what kind (an error code), in words. */
export type Finding = z.output<typeof findingRow>;

export const INSERT_PACKAGE = 'INSERT INTO package VALUES (?, ?, ?, ?, ?, ?, ?, ?)';
export const INSERT_DEPENDENCY = 'INSERT OR IGNORE INTO dependency VALUES (?, ?)';
export const INSERT_ENTRY_POINT = 'INSERT INTO entry_point VALUES (?, ?, ?, ?, ?)';
export const INSERT_FINDING = 'INSERT INTO finding VALUES (?, ?, ?)';

export const DELETE_PACKAGE = 'DELETE FROM package WHERE path = ?';
export const DELETE_DEPENDENCY = 'DELETE FROM dependency WHERE from_path = ?';
export const DELETE_ENTRY_POINT = 'DELETE FROM entry_point WHERE path = ?';
export const DELETE_FINDING = 'DELETE FROM finding WHERE path = ?';

/** Names are compared by their beginning; the end of the range is the highest code point. */
export const LIST_PACKAGES = `
  SELECT * FROM package WHERE name >= ? AND name < ? || char(1114111) ORDER BY name, path LIMIT ?`;
const FACTS = `
  SELECT p.*,
    (SELECT count(*) FROM dependency WHERE from_path = p.path) AS dependencies,
    (SELECT count(*) FROM dependency WHERE to_path = p.path) AS dependents,
    (SELECT count(*) FROM entry_point WHERE path = p.path) AS entryPoints,
    (SELECT count(*) FROM finding WHERE path = p.path) AS findings
  FROM package p`;
/** Several packages may share a name; the one nearest to the project's root is meant. */
export const FACTS_BY_NAME = `${FACTS} WHERE p.name = ? ORDER BY length(p.path) LIMIT 1`;
export const FACTS_BY_PATH = `${FACTS} WHERE p.path = ?`;
export const LIST_FINDINGS = 'SELECT * FROM finding ORDER BY path, code LIMIT ?';
