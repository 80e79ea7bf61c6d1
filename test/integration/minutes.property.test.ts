import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FIRST_DAY, scenario, type Scenario } from '../support/oracle/arbitraries.js';
import { MinutesScene } from '../support/minutes-scene.js';
import { insertErrors, insertGroups, insertUsage, loosenUsage } from '../support/raw-rows.js';

/** Of the scenario: the last of its hours is the running one. */
const HOURS = 72;

describe('minutes against the oracle', () => {
  const scene = new MinutesScene('minutes_property', { minuteRetentionHours: 100 }, { prepare: loosenUsage });

  /** The rows as many hours later as make them recent, to the microsecond. */
  function later({ groups, usage, errors }: Scenario, byMs: number): Scenario {
    const moved = <Row extends { readonly createdAt: string }>(rows: readonly Row[]): Row[] =>
      rows.map((row) => {
        const [whole, micros] = [row.createdAt.slice(0, -4), row.createdAt.slice(-4)];
        const createdAt = new Date(Date.parse(`${whole}Z`) + byMs).toISOString().replace('Z', micros);
        return { ...row, createdAt };
      });
    return { groups, usage: moved(usage), errors: moved(errors) };
  }

  async function insert({ usage, errors }: Pick<Scenario, 'usage' | 'errors'>): Promise<void> {
    await insertUsage(scene.dataSource, usage);
    await insertErrors(scene.dataSource, errors);
  }

  it('equal it after each tick, with every trap of the specification, late rows and all', async () => {
    let minutes = 0;
    const property = fc.asyncProperty(scenario, scenario, async (first, second) => {
      await scene.reset();
      await scene.query('DELETE FROM groups');
      await insertGroups(scene.dataSource, first.groups);
      const byMs = +(await scene.ago(HOURS)) - FIRST_DAY.getTime();
      await insert(later(first, byMs));
      for (const rows of [{ usage: [], errors: [] }, later(second, byMs)]) {
        await insert(rows);
        expect(await scene.tick()).toMatchObject({ failedBuckets: 0, pendingMinutes: 0, pendingHours: 0 });
        await scene.expectMinutesRight();
      }
      expect(await scene.noted()).toEqual([]);
      const report = await scene.app.verify.verify(await scene.ago(HOURS), await scene.ago(0));
      expect(report).toMatchObject({ differences: [], unjudged: [] });
      minutes += await scene.rowsBefore(new Date('2200-01-01T00:00:00Z'));
    });
    await fc.assert(property, {
      numRuns: 15,
      interruptAfterTimeLimit: 150_000,
      markInterruptAsFailure: false,
    });
    expect(minutes).toBeGreaterThan(100);
  }, 240_000);
});
