import type { Measures, Overview, PeriodMeasures } from '../../read/read.types.js';
import { compact, milliseconds, money, perSecond, tokenRate } from './format.js';
import { known } from './slices.js';
import { formatTime, zoneName, type Zone } from './zone.js';

/** What stands small below a tile's number: a word for it, itself, and what it is in full. */
export type Detail = readonly [label: string, value: string, title: string];

export const slaDetails = (m: Measures): Detail[] => [
  ['SLA errors', compact(m.errorCountSla), 'Errors that count against the SLA'],
  ['business-limited', compact(m.businessLimitedCount), 'Errors by quota, balance or the like, which do not'],
];

export const errorDetails = (m: Measures): Detail[] => [
  ['clients saw', compact(m.errorCountTotal), 'Errors of every kind that clients saw'],
  [
    'of providers',
    compact(m.upstreamErrorCountExcl429529 + m.upstream429Count + m.upstream529Count),
    'Errors of providers, also those that a retry hid from the client',
  ],
];

export const latencyDetails =
  (metric: 'duration' | 'ttft') =>
  (m: Measures): Detail[] => [
    ['p50', milliseconds(m[metric].p50), 'Median'],
    ['p99', milliseconds(m[metric].p99), '99th percentile'],
  ];

/** What depends on the kinds of tokens is a sum of what is known; where that is nothing, it is nothing. */
export const costDetails = (m: Measures): Detail[] => [
  ['per request', money(m.actualCostPerRequest), 'Charged per successful request'],
  ['before discounts', money(known(m, m.totalCost)), 'What the requests cost, whatever was charged'],
];

export const cacheDetails = (m: Measures): Detail[] => [
  ['read', compact(known(m, Number(m.cacheReadTokens))), 'Tokens read from a cache'],
  ['written', compact(known(m, Number(m.cacheCreationTokens))), 'Tokens written into a cache'],
];

export const speedDetails = ({ outputSpeed: { p10, avg } }: Measures): Detail[] => [
  ['slow end', tokenRate(p10), 'One request in ten was slower (p10)'],
  ['mean', tokenRate(avg), 'Mean over the requests'],
];

const RATES = {
  requests: ['requestsPerSecond', 'peakMinuteRequestsPerSecond', 'peakRequestsPerSecond'],
  tokens: ['tokensPerSecond', 'peakMinuteTokensPerSecond', 'peakTokensPerSecond'],
} as const satisfies Record<string, readonly [keyof Measures, keyof Overview, keyof PeriodMeasures]>;

/** Now, and at the busiest: of its minutes where they are kept, else of its hours. */
export const rateDetails =
  (what: keyof typeof RATES) =>
  (overview: Overview, zone: Zone): Detail[] => {
    const [rate, minutePeak, hourPeak] = RATES[what];
    const { current } = overview;
    const minute = current ? `${formatTime(current.at, zone, 'time')} ${zoneName(zone)}` : null;
    const peak = overview[minutePeak];
    return [
      [
        'last minute',
        perSecond(current?.[rate]),
        minute === null ? 'Not known for this range' : `Mean rate of the minute from ${minute}`,
      ],
      peak === null
        ? ['busiest hour', perSecond(overview[hourPeak]), 'Mean rate of the busiest whole hour (UTC)']
        : ['busiest minute', perSecond(peak), 'Mean rate of the busiest whole minute'],
    ];
  };
