import type { Distributed } from '../definitions/definitions.js';
import type { Answer } from './answer.js';
import { MeasuresAdder, upstreamErrors } from './measures.js';
import type { Measures } from './measures.schemas.js';
import type { BreakdownBy } from './read-query.schemas.js';
import type { OneSeries, Series, SeriesMeasure } from './series.schemas.js';

type Value = number | string | null;

/** What a bucket that does not know all of it gives none of. */
const split =
  (value: (measures: Measures) => Value) =>
  (measures: Measures): Value =>
    measures.unsplit === null ? value(measures) : null;

const VALUES: Readonly<Record<SeriesMeasure, (measures: Measures) => Value>> = {
  requestsPerSecond: (of) => of.requestsPerSecond,
  tokensPerSecond: (of) => of.tokensPerSecond,
  requestCountTotal: (of) => of.requestCountTotal,
  errorCountTotal: (of) => of.errorCountTotal,
  errorCountSla: (of) => of.errorCountSla,
  sla: (of) => of.sla,
  errorRate: (of) => of.errorRate,
  upstreamErrorCount: upstreamErrors,
  upstreamErrorRate: (of) => of.upstreamErrorRate,
  actualCost: split((of) => of.actualCost),
  inputTokens: split((of) => of.inputTokens),
  outputTokens: split((of) => of.outputTokens),
  cacheReadTokens: split((of) => of.cacheReadTokens),
  cacheCreationTokens: split((of) => of.cacheCreationTokens),
  cacheHitRate: split((of) => of.cacheHitRate),
  'duration.p50': (of) => of.duration.p50,
  'duration.p95': (of) => of.duration.p95,
  'duration.p99': (of) => of.duration.p99,
  'ttft.p50': (of) => of.ttft.p50,
  'ttft.p95': (of) => of.ttft.p95,
  'ttft.p99': (of) => of.ttft.p99,
  'outputSpeed.avg': split((of) => of.outputSpeed.avg),
};

/** Only percentiles need distributions, which are most of what rows have. */
export const distributionsOf = (measures: readonly SeriesMeasure[]): readonly Distributed[] =>
  (['duration', 'ttft'] as const).filter((name) =>
    measures.some((measure) => measure.startsWith(`${name}.p`)),
  );

/**
 * The points that have begun, and for each key, and for the rest, which is the total without them, its measures at each.
 *
 * @param cuts borders of the points
 */
export function seriesOf(
  answer: Answer,
  cuts: readonly Date[],
  { by, measures }: { readonly by: BreakdownBy; readonly measures: readonly SeriesMeasure[] },
): Pick<Series, 'starts' | 'series'> {
  const columns = () => Object.fromEntries(measures.map((name): [string, Value[]] => [name, []]));
  const append = (values: Record<string, Value[]>, of: Measures): void => {
    measures.forEach((name) => values[name]?.push(VALUES[name](of)));
  };
  const named = answer.keys.map(({ key, groupName, label }) => ({
    key,
    label: by === 'group' ? groupName : label,
    isRest: false,
    values: columns(),
  }));
  const rest = { key: null, label: null, isRest: true, values: columns() };
  let hasRest = answer.total.keys > named.length;
  const adders = answer.bySegmentAndKey();
  const starts = cuts.slice(0, -1).filter((start) => start < answer.asOf);
  starts.forEach((start, segment) => {
    const seconds = answer.seconds(start, cuts[segment + 1] ?? start);
    const ofKeys = adders(segment);
    const others = ofKeys.get(null) ?? new MeasuresAdder();
    for (const { key, values } of named) {
      const adder = ofKeys.get(key) ?? new MeasuresAdder();
      append(values, adder.measures(seconds));
      others.subtract(adder);
    }
    const left = others.measures(seconds);
    append(rest.values, left);
    hasRest ||= left.requestCountTotal > 0 || upstreamErrors(left) > 0;
  });
  const series: OneSeries[] = hasRest ? [...named, rest] : named;
  return { starts: starts.map((start) => start.toISOString()), series };
}
