import type { Series, Trend } from '../../../src/ops/read/read.types.js';
import { GatewayProcess } from './gateway-process.js';
import type { Dashboard } from './browser.js';

/** Of which the busiest have series; the fifth has an empty name. */
export const SERIES_KEYS = ['gpt-4.1', 'claude', 'gemini', 'a-model-with-quite-a-long-name-indeed', ''];
/** Of all others together. */
const OTHERS = 7;

/** What a key has at every point: a share is a share, and everything else a number that grows with its rank. */
export const seriesValue = (measure: string, rank: number): number =>
  /^sla$|Rate$/.test(measure) ? 0.9 + rank / 100 : (rank + 1) * 1000;

/** Series of known values by whatever is asked for, over the points of the trend. Money is decimal text, as ever. */
export async function answerSeries({ page }: Dashboard, gateway: GatewayProcess): Promise<void> {
  await page.route('**/admin/ops/series?**', async (route) => {
    const query = new URL(route.request().url()).searchParams;
    const range = { from: query.get('from') ?? '', to: query.get('to') ?? '' };
    const { points, ...trend } = await gateway.call<Trend>('trend', range);
    const measures = query.getAll('measures').flatMap((one) => one.split(','));
    const valuesOf = (rank: number): Series['series'][number]['values'] =>
      Object.fromEntries(
        measures.map((measure) => {
          const value = seriesValue(measure, rank);
          return [measure, points.map(() => (measure === 'actualCost' ? String(value) : value))];
        }),
      );
    const answer: Series = {
      ...trend,
      by: query.get('by') ?? '',
      total: SERIES_KEYS.length + OTHERS,
      starts: points.map(({ from }) => from),
      series: [...SERIES_KEYS, null].map((key, rank) => ({
        ...{ key, label: null, isRest: key === null, values: valuesOf(rank) },
      })),
    };
    await route.fulfill({ json: answer });
  });
}
