// The dependency graph as SQL tables in memory. Every statement is an operation of its own (`traceQuery`).
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { traceQuery } from '@evenkeel/sdk';
import { z } from 'zod';
import { listDependencies, type DependencyGraph, type SurveyedPackage } from '../dependencies/graph.ts';
import { repeat, type Slowdowns } from '../faults/slowdowns.ts';
import * as sql from './schema.ts';

type Rows = readonly (readonly SQLInputValue[])[];

export class DependencyTable {
  readonly #database = new DatabaseSync(':memory:');
  readonly #statements = new Map<string, StatementSync>();
  readonly #slowdowns: Slowdowns;

  constructor(slowdowns: Slowdowns) {
    this.#slowdowns = slowdowns;
    this.#database.exec(sql.SCHEMA);
  }

  /** Replaces what is known about the surveyed packages, all or nothing; other packages stay as they are. */
  replace(surveyed: readonly SurveyedPackage[], graph: DependencyGraph, findings: readonly sql.Finding[]): void {
    this.#database.exec('BEGIN');
    try {
      const paths = surveyed.map(({ locked }) => [locked.path]);
      for (const text of [sql.DELETE_DEPENDENCY, sql.DELETE_ENTRY_POINT, sql.DELETE_FINDING, sql.DELETE_PACKAGE]) {
        this.#write(text, paths);
      }
      this.insertPackages(surveyed);
      this.insertDependencies(graph);
      this.insertEntryPoints(surveyed);
      this.insertFindings(findings);
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  @traceQuery({ system: 'sqlite', operation: 'INSERT', collection: 'package', text: sql.INSERT_PACKAGE })
  private insertPackages(surveyed: readonly SurveyedPackage[]): void {
    const rows = surveyed.map(({ locked, installed, license, description }) => {
      const texts: SQLInputValue[] = [locked.path, locked.name, locked.version, license ?? null, description ?? null];
      return texts.concat([Number(locked.dev), Number(locked.optional), Number(installed)]);
    });
    this.#write(sql.INSERT_PACKAGE, rows);
  }

  @traceQuery({ system: 'sqlite', operation: 'INSERT', collection: 'dependency', text: sql.INSERT_DEPENDENCY })
  private insertDependencies(graph: DependencyGraph): void {
    const rows = listDependencies(graph).map(({ from, to }) => [from, to]);
    this.#write(sql.INSERT_DEPENDENCY, rows);
  }

  @traceQuery({ system: 'sqlite', operation: 'INSERT', collection: 'entry_point', text: sql.INSERT_ENTRY_POINT })
  private insertEntryPoints(surveyed: readonly SurveyedPackage[]): void {
    const rows = surveyed.flatMap(({ locked, entryPoints, missingFiles }) =>
      entryPoints.map(({ subpath, condition, file }) => {
        const found = Number(!missingFiles.includes(file));
        return [locked.path, subpath, condition, file, found];
      }),
    );
    this.#write(sql.INSERT_ENTRY_POINT, rows);
  }

  @traceQuery({ system: 'sqlite', operation: 'INSERT', collection: 'finding', text: sql.INSERT_FINDING })
  private insertFindings(findings: readonly sql.Finding[]): void {
    const rows = findings.map(({ path, code, message }) => [path, code, message]);
    this.#write(sql.INSERT_FINDING, rows);
  }

  /** Lists packages whose name starts with a prefix, by name. */
  @traceQuery({ system: 'sqlite', operation: 'SELECT', collection: 'package', text: sql.LIST_PACKAGES })
  listPackages(prefix: string, limit: number): sql.PackageRow[] {
    return z.array(sql.packageRow).parse(this.#read(sql.LIST_PACKAGES, [prefix, prefix, limit]));
  }

  /** Finds a package by name; among several of that name, the one nearest to the project's root. */
  @traceQuery({ system: 'sqlite', operation: 'SELECT', collection: 'package', text: sql.FACTS_BY_NAME })
  factsByName(name: string): sql.PackageFacts | undefined {
    return z.array(sql.packageFactsRow).parse(this.#read(sql.FACTS_BY_NAME, [name]))[0];
  }

  @traceQuery({ system: 'sqlite', operation: 'SELECT', collection: 'package', text: sql.FACTS_BY_PATH })
  factsByPath(path: string): sql.PackageFacts | undefined {
    return z.array(sql.packageFactsRow).parse(this.#read(sql.FACTS_BY_PATH, [path]))[0];
  }

  @traceQuery({ system: 'sqlite', operation: 'SELECT', collection: 'finding', text: sql.LIST_FINDINGS })
  listFindings(limit: number): sql.Finding[] {
    return z.array(sql.findingRow).parse(this.#read(sql.LIST_FINDINGS, [limit]));
  }

  close(): void {
    this.#database.close();
  }

  #write(text: string, rows: Rows): void {
    const statement = this.#statement(text);
    for (const row of rows) statement.run(...row);
  }

  #read(text: string, values: readonly SQLInputValue[]): unknown[] {
    const statement = this.#statement(text);
    return repeat(this.#slowdowns.times('table'), () => statement.all(...values));
  }

  /** Prepares each text once; the texts are the constants of schema.ts, so the map is bounded by them. */
  #statement(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.#database.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }
}
