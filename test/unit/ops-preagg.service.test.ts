import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { getDataSourceToken } from '@nestjs/typeorm';
import { QueryFailedError, type EntityManager, type QueryRunner } from 'typeorm';
import { OpsDataSourceError, OpsPreaggService } from '../../src/ops/index.js';

type Query = (text: string, values: unknown[]) => Promise<unknown[]>;

const START = new Date('2026-03-08T22:15:00.001Z');
const END = new Date('2026-03-09T01:00:00.001Z');
const INVALID = new Date(NaN);

const upserts = [
  {
    method: 'upsertHourlyMetrics',
    table: 'ops_metrics_hourly',
    conflict: "ON CONFLICT (bucket_start, COALESCE(platform, ''), COALESCE(group_id, 0))",
    // the last one: whether it is forced
    values: ['2026-03-08T22:00:00.000Z', '2026-03-09T02:00:00.000Z', false],
  },
  {
    method: 'upsertDailyMetrics',
    table: 'ops_metrics_daily',
    conflict: "ON CONFLICT (bucket_date, COALESCE(platform, ''), COALESCE(group_id, 0))",
    values: ['2026-03-08T00:00:00.000Z', '2026-03-10T00:00:00.000Z'],
  },
] as const;
const latest = ['getLatestHourlyBucketStart', 'getLatestDailyBucketDate'] as const;

/** No table has a column of another program's; everything else is answered with the rows. */
const answering =
  (rows: unknown[]): Query =>
  (text) =>
    Promise.resolve(text.includes('pg_attribute') ? [] : rows);

/** The statements but the look into the catalogue before the first of them. */
const sent = (query: jest.Mock<Query>): [string, unknown[]][] =>
  query.mock.calls.filter(([text]) => !text.includes('pg_attribute'));

describe('OpsPreaggService', () => {
  const query = jest.fn<Query>();
  const dataSource = { query, isInitialized: true };
  let service: OpsPreaggService;

  beforeEach(async () => {
    query.mockReset().mockImplementation(answering([{ written: '12', removed: '3', held: [] }]));
    dataSource.isInitialized = true;
    const module = await Test.createTestingModule({
      providers: [OpsPreaggService, { provide: getDataSourceToken(), useValue: dataSource }],
    }).compile();
    service = module.get(OpsPreaggService);
  });

  describe.each(upserts)('$method', ({ method, table, conflict, values: bound }) => {
    it('sends one statement with the window, widened to whole buckets, and resolves to the rows written', async () => {
      await expect(service[method](START, END)).resolves.toBe(12);
      expect(sent(query)).toHaveLength(1);
      const [text, values] = sent(query)[0] ?? ['', []];
      expect(text).toContain(`INSERT INTO ${table}`);
      expect(text.replaceAll(/\s+/g, ' ')).toContain(conflict);
      expect(text).not.toContain(';');
      expect(text).not.toContain('2026');
      expect(values).toEqual(bound);
    });

    it.each([
      ['the start is invalid', INVALID, END],
      ['the end is invalid', START, INVALID],
      ['both are', INVALID, INVALID],
      ['the end is the start', START, START],
      ['the end is before the start', END, START],
    ])('never touches the database where %s', async (_what, start, end) => {
      dataSource.isInitialized = false;
      await expect(service[method](start, end)).resolves.toBe(0);
      expect(query).not.toHaveBeenCalled();
    });

    it('says that the DataSource is not initialised', async () => {
      dataSource.isInitialized = false;
      await expect(service[method](START, END)).rejects.toThrow(OpsDataSourceError);
      await expect(service[method](START, END)).rejects.toThrow(/not initialised/);
      expect(query).not.toHaveBeenCalled();
    });

    it('goes through the caller’s EntityManager or QueryRunner, and then through nothing else', async () => {
      dataSource.isInitialized = false; // not asked of a DataSource that is not used
      for (const runner of [
        { query: jest.fn<Query>().mockImplementation(answering([{ written: '7' }])) },
        { query: jest.fn<Query>().mockImplementation(answering([{ written: '7' }])) },
      ]) {
        const given = runner as unknown as EntityManager & QueryRunner;
        await expect(service[method](START, END, given)).resolves.toBe(7);
        expect(sent(runner.query)).toEqual([[expect.stringContaining(conflict), [...bound]]]);
      }
      expect(query).not.toHaveBeenCalled();
    });

    it('lets the database’s error through as it is', async () => {
      const error = new QueryFailedError('…', [], Object.assign(new Error('timeout'), { code: '57014' }));
      query.mockRejectedValue(error);
      await expect(service[method](START, END)).rejects.toBe(error);
      expect(query).toHaveBeenCalledTimes(1);
    });
  });

  it('hands a force of the hours on', async () => {
    await service.upsertHourlyMetrics(START, END, undefined, { force: true });
    expect(sent(query)[0]?.[1]).toEqual([...upserts[0].values.slice(0, 2), true]);
  });

  describe.each(latest)('%s', (method) => {
    it('is null for an empty table', async () => {
      query.mockResolvedValue([{ latest: null }]);
      await expect(service[method]()).resolves.toBeNull();
      query.mockResolvedValue([]);
      await expect(service[method]()).resolves.toBeNull();
    });

    it('is a Date, that of the epoch too', async () => {
      query.mockResolvedValue([{ latest: 1_772_928_000_000 }]);
      await expect(service[method]()).resolves.toEqual(new Date('2026-03-08T00:00:00Z'));
      query.mockResolvedValue([{ latest: 0 }]);
      await expect(service[method]()).resolves.toEqual(new Date('1970-01-01T00:00:00Z'));
    });

    it('asks through the runner it is given', async () => {
      const runner = { query: jest.fn<Query>().mockResolvedValue([{ latest: null }]) };
      await expect(service[method](runner)).resolves.toBeNull();
      expect(runner.query).toHaveBeenCalledTimes(1);
      expect(query).not.toHaveBeenCalled();
    });

    it('says that the DataSource is not initialised, and lets other errors through', async () => {
      const error = new Error('gone');
      query.mockRejectedValue(error);
      await expect(service[method]()).rejects.toBe(error);
      dataSource.isInitialized = false;
      await expect(service[method]()).rejects.toThrow(OpsDataSourceError);
    });
  });
});
