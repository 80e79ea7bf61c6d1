import { beforeAll, describe, expect, it } from '@jest/globals';
import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';
import { planSegments } from '../../src/ops/read/read-plan.js';
import { readPieces } from '../../src/ops/read/sql/read-pieces.sql.js';
import { error, GROUPS, usage } from '../support/oracle/samples.js';
import { scansOf } from '../support/read/plan-scans.js';
import { RollupScene } from '../support/rollup-scene.js';

const MIDNIGHT = new Date('2025-03-09T00:00:00Z');
const DAYS = 86_400_000;

describe('the plan of a read', () => {
  const scene = new RollupScene('read_plans');

  beforeAll(async () => {
    const minutesAgo = Array.from({ length: 20_000 }, (_, index) =>
      new Date(MIDNIGHT.getTime() - index * 60_000).toISOString(),
    );
    await scene.replaceRaw({
      groups: GROUPS,
      usage: minutesAgo.map((createdAt, index) => usage({ durationMs: index, createdAt })),
      errors: minutesAgo.map((createdAt) => error({ createdAt })),
    });
    await scene.rollUp(new Date(MIDNIGHT.getTime() - 14 * DAYS), MIDNIGHT);
    await scene.query('ANALYZE');
  });

  it.each([
    ['everything', {}],
    ['a platform', { platform: 'openai' }],
    ['a group', { groupId: '1' }],
    ['a group of a platform', { platform: 'openai', groupId: '1' }],
    ['several platforms', { platform: ['openai', 'anthropic'] }],
    ['several groups', { groupId: ['1', '2'] }],
    ['several groups of several platforms', { platform: ['openai', 'anthropic'], groupId: ['1', '2'] }],
    ['several models', { dimension: 'model', key: ['model', 'none of them'] }],
    ['each platform', { by: 'platform', limit: 20 }],
    ['each platform of several groups', { by: 'platform', groupId: ['1', '2'], limit: 20 }],
    ['each group', { by: 'group', limit: 20 }],
    ['each of several groups', { by: 'group', groupId: ['1', '2'], limit: 20 }],
    ['each platform over time', { by: 'platform', limit: 5, withTotal: true }],
    ['each group over time', { by: 'group', limit: 5, withTotal: true }],
    ['each model over time', { by: 'model', limit: 5, withTotal: true }],
  ] as const)(
    'reads raw rows of %s by index ranges of time, and metrics rows by their indexes',
    async (_what, level) => {
      const from = new Date(MIDNIGHT.getTime() - 10 * DAYS + 600_000);
      const { text, values } = readPieces(OPS_TABLES, {
        plan: planSegments([from, new Date(MIDNIGHT.getTime() - 900_000)]),
        level,
        safeDelaySeconds: 0,
        freshFrom: 0,
        rates: !('by' in level),
        bucketByBucket: null,
      });
      const scans = await scansOf(scene.dataSource, text, values);
      const raw = scans.filter(({ table }) => ['usage_logs', 'ops_error_logs'].includes(table));
      expect(raw.length).toBeGreaterThan(0);
      for (const { node, condition } of raw) {
        expect(node).toMatch(/Index/);
        expect(condition).toContain('created_at');
      }
      // 50 minutes at the start, 45 at the end: one usage row and one error row each minute.
      const read = raw.reduce((sum, { rowsRead }) => sum + rowsRead, 0);
      const rounding = raw.reduce((sum, { loops }) => sum + loops / 2, 0);
      expect(Math.abs(read - 2 * (50 + 45))).toBeLessThanOrEqual(rounding);
      for (const { node } of scans.filter(({ table }) => /^ops_metrics_(dimension_)?hourly$/.test(table))) {
        expect(node).toMatch(/Index/);
      }
    },
  );
});
