import { OPS_TABLES as T } from '../../../src/ops/definitions/ops-tables.js';
import type { SqlStatement } from '../../../src/ops/sql/sql-statement.js';
import { rawTables } from '../../../src/ops/definitions/raw-tables.js';
import * as detect from '../../../src/ops/detection/sql/detect.sql.js';
import * as note from '../../../src/ops/invalidation/sql/note.sql.js';
import { retained, type Given } from './given.js';

/** The statements that are made for each raw table. */
export const RAW_TABLE_STATEMENTS: Record<string, (g: Given) => SqlStatement> = Object.assign(
  {},
  ...rawTables(T).map((table) => ({
    [`writersOf ${table.key}`]: () => detect.writersOf(table),
    [`rawTableShape ${table.key}`]: () => detect.rawTableShape(table),
    [`lockState ${table.key}`]: () => detect.lockState(T, table),
    [`restartBelow ${table.key}`]: (g: Given) => detect.restartBelow(table, String(g.n), g.n),
    [`startState ${table.key}`]: (g: Given) =>
      detect.startState(T, table, {
        closedThrough: g.iso,
        candidate: String(g.n),
        marks: g.flag ? { [g.text]: String(g.n) } : {},
        heldBy: g.flag ? g.text : null,
      }),
    [`noteBackfill ${table.key}`]: (g: Given) =>
      note.noteBackfill(T, table, { backfillHours: g.n, retention: retained(g) }),
    [`noteNewRows ${table.key}`]: (g: Given) =>
      note.noteNewRows(T, table, {
        aboveId: String(g.n),
        throughId: String(g.n),
        rows: g.n,
        countedId: String(g.n),
        intervalSeconds: g.n,
        retention: retained(g),
      }),
    [`advanceState ${table.key}`]: (g: Given) =>
      detect.advanceState(T, table, {
        closedThrough: g.iso,
        safeId: String(g.n),
        seenId: String(g.n),
        marks: g.flag ? { [g.text]: String(g.n) } : {},
        heldBy: g.flag ? g.text : null,
        provisional: g.flag,
        lateRows: String(g.n),
        belowFloorRows: String(g.n),
      }),
  })),
) as Record<string, (g: Given) => SqlStatement>;
