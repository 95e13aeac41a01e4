// The dependency graph as SQL tables. Every statement is an operation of its own (`traceQuery`).
import type { SQLInputValue } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { traceQuery } from '@evenkeel/sdk';
import { z } from 'zod';
import { listDependencies, type DependencyGraph, type SurveyedPackage } from '../dependencies/graph.ts';
import { repeat, type Slowdowns } from '../faults/slowdowns.ts';
import { type Connection, Connections } from './connections.ts';
import * as sql from './schema.ts';

type Rows = readonly (readonly SQLInputValue[])[];

export class DependencyTable {
  readonly #connections = new Connections(sql.SCHEMA);
  readonly #slowdowns: Slowdowns;

  constructor(slowdowns: Slowdowns) {
    this.#slowdowns = slowdowns;
  }

  /** Replaces what is known about the surveyed packages, all or nothing; other packages stay as they are. */
  async replace(
    surveyed: readonly SurveyedPackage[],
    graph: DependencyGraph,
    findings: readonly sql.Finding[],
  ): Promise<void> {
    await this.#connections.write(async (connection) => {
      const paths = surveyed.map(({ locked }) => [locked.path]);
      for (const text of [sql.DELETE_DEPENDENCY, sql.DELETE_ENTRY_POINT, sql.DELETE_FINDING, sql.DELETE_PACKAGE]) {
        write(connection, text, paths);
      }
      // Each takes some milliseconds; requests get their turn in between, and see what was there before.
      this.insertPackages(connection, surveyed);
      await nextTurn();
      this.insertDependencies(connection, graph);
      await nextTurn();
      this.insertEntryPoints(connection, surveyed);
      await nextTurn();
      this.insertFindings(connection, findings);
    });
  }

  @traceQuery({ system: 'sqlite', operation: 'INSERT', collection: 'package', text: sql.INSERT_PACKAGE })
  private insertPackages(connection: Connection, surveyed: readonly SurveyedPackage[]): void {
    const rows = surveyed.map(({ locked, installed, license, description }) => {
      const texts: SQLInputValue[] = [locked.path, locked.name, locked.version, license ?? null, description ?? null];
      return texts.concat([Number(locked.dev), Number(locked.optional), Number(installed)]);
    });
    write(connection, sql.INSERT_PACKAGE, rows);
  }

  @traceQuery({ system: 'sqlite', operation: 'INSERT', collection: 'dependency', text: sql.INSERT_DEPENDENCY })
  private insertDependencies(connection: Connection, graph: DependencyGraph): void {
    const rows = listDependencies(graph).map(({ from, to }) => [from, to]);
    write(connection, sql.INSERT_DEPENDENCY, rows);
  }

  @traceQuery({ system: 'sqlite', operation: 'INSERT', collection: 'entry_point', text: sql.INSERT_ENTRY_POINT })
  private insertEntryPoints(connection: Connection, surveyed: readonly SurveyedPackage[]): void {
    const rows = surveyed.flatMap(({ locked, entryPoints, missingFiles }) =>
      entryPoints.map(({ subpath, condition, file }) => {
        const found = Number(!missingFiles.includes(file));
        return [locked.path, subpath, condition, file, found];
      }),
    );
    write(connection, sql.INSERT_ENTRY_POINT, rows);
  }

  @traceQuery({ system: 'sqlite', operation: 'INSERT', collection: 'finding', text: sql.INSERT_FINDING })
  private insertFindings(connection: Connection, findings: readonly sql.Finding[]): void {
    const rows = findings.map(({ path, code, message }) => [path, code, message]);
    write(connection, sql.INSERT_FINDING, rows);
  }

  /** Lists packages whose name starts with a prefix, by name. */
  @traceQuery({ system: 'sqlite', operation: 'SELECT', collection: 'package', text: sql.LIST_PACKAGES })
  async listPackages(prefix: string, limit: number): Promise<sql.PackageRow[]> {
    return z.array(sql.packageRow).parse(await this.#read(sql.LIST_PACKAGES, [prefix, prefix, limit]));
  }

  /** Finds a package by name; among several of that name, the one nearest to the project's root. */
  @traceQuery({ system: 'sqlite', operation: 'SELECT', collection: 'package', text: sql.FACTS_BY_NAME })
  async factsByName(name: string): Promise<sql.PackageFacts | undefined> {
    return z.array(sql.packageFactsRow).parse(await this.#read(sql.FACTS_BY_NAME, [name]))[0];
  }

  @traceQuery({ system: 'sqlite', operation: 'SELECT', collection: 'package', text: sql.FACTS_BY_PATH })
  async factsByPath(path: string): Promise<sql.PackageFacts | undefined> {
    return z.array(sql.packageFactsRow).parse(await this.#read(sql.FACTS_BY_PATH, [path]))[0];
  }

  @traceQuery({ system: 'sqlite', operation: 'SELECT', collection: 'finding', text: sql.LIST_FINDINGS })
  async listFindings(limit: number): Promise<sql.Finding[]> {
    return z.array(sql.findingRow).parse(await this.#read(sql.LIST_FINDINGS, [limit]));
  }

  close(): Promise<void> {
    return this.#connections.close();
  }

  #read(text: string, values: readonly SQLInputValue[]): Promise<unknown[]> {
    return this.#connections.read((connection) =>
      repeat(this.#slowdowns.times('table'), () => connection.all(text, values)),
    );
  }
}

function write(connection: Connection, text: string, rows: Rows): void {
  const statement = connection.prepare(text);
  for (const row of rows) statement.run(...row);
}
