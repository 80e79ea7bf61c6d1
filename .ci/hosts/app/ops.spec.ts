import { Test } from '@nestjs/testing';
import { getDataSourceToken } from '@nestjs/typeorm';
import { OpsModule, OpsPreaggService } from 'llm-gateway-ops';

// A unit test of the host, without a database.
describe('a service of the host', () => {
  it('gets the rollup on a DataSource that is mocked', async () => {
    const asked: string[] = [];
    const query = (sql: string): Promise<unknown[]> => {
      asked.push(sql);
      return Promise.resolve([{ latest: 1_772_341_200_000 }]);
    };
    const dataSource = { isInitialized: true, query };
    const module = await Test.createTestingModule({
      imports: [
        {
          module: class Database {},
          global: true,
          providers: [{ provide: getDataSourceToken(), useValue: dataSource }],
          exports: [getDataSourceToken()],
        },
        OpsModule.forRoot({ jobsEnabled: false }),
      ],
    }).compile();
    const latest = await module.get(OpsPreaggService).getLatestHourlyBucketStart();
    expect(latest?.toISOString()).toBe('2026-03-01T05:00:00.000Z');
    expect(asked.join()).toContain('ops_metrics_hourly');
    await module.close();
  });
});
