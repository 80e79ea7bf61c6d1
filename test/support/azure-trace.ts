import { existsSync, readFileSync } from 'node:fs';
import type { Scenario } from './oracle/arbitraries.js';
import type { RawError, RawUsage } from './oracle/types.js';

const FILE = new URL('../../../shared/data/azure-llm-2023-conv.csv', import.meta.url);
const STATUSES = [500, 429, 200, 529, null];

/** Whether the trace (Azure LLM inference trace 2023, conversation) lies beside the project. */
export function hasAzureTrace(): boolean {
  return existsSync(FILE);
}

/** Real arrivals and token counts; the trace has no latencies, so they follow from tokens and line number. */
function usageOf(line: string, index: number): RawUsage {
  const [timestamp = '', context = '', generated = ''] = line.split(',');
  const inputTokens = Number(context);
  const outputTokens = Number(generated);
  const ttft = 40 + Math.floor(inputTokens / 9) + ((index * 7919) % 211);
  return {
    groupId: [1, 2, 1, 3, 4, 1, null][index % 7] ?? null,
    inputTokens,
    outputTokens,
    cacheCreationTokens: index % 3 === 0 ? inputTokens : 0,
    cacheReadTokens: index % 5 === 0 ? 0 : 64,
    durationMs: index % 11 === 0 ? null : ttft + 23 * outputTokens + ((index * 104_729) % 1009),
    firstTokenMs: index % 4 === 0 ? null : ttft,
    model: `model ${index % 23}`,
    accountId: index % 300,
    apiKeyId: index % 13,
    totalCost: BigInt(index * 104_729),
    actualCost: BigInt(index * 7919),
    // Seven decimals in the file; a timestamptz would round the last one, and could round into the next hour.
    createdAt: `${timestamp.slice(0, 26).replace(' ', 'T')}Z`,
  };
}

function errorOf({ createdAt, groupId }: RawUsage, index: number): RawError {
  return {
    platform: [null, 'openai', 'anthropic', ''][index % 4] ?? null,
    groupId,
    statusCode: STATUSES[index % 5] ?? null,
    upstreamStatusCode: STATUSES[index % 3] ?? null,
    model: index % 7 === 0 ? null : `model ${index % 23}`,
    accountId: index % 300,
    apiKeyId: index % 13,
    errorPhase: 'upstream',
    errorType: 'api_error',
    errorOwner: index % 6 === 0 ? 'client' : 'provider',
    isBusinessLimited: index % 9 === 0,
    createdAt,
  };
}

/** The trace as raw rows: every request as usage in one of four groups or none, every 40th as an error besides. */
export function readAzureTrace(): Scenario {
  const [, ...lines] = readFileSync(FILE, 'utf8').split(/\r?\n/);
  const usage = lines.filter((line) => line !== '').map(usageOf);
  return {
    groups: [
      { id: 1, name: 'default', platform: 'openai' },
      { id: 2, name: 'batch', platform: 'openai' },
      { id: 3, name: 'research', platform: 'anthropic' },
      { id: 4, name: 'unrouted', platform: '' },
    ],
    usage,
    errors: usage.filter((_row, index) => index % 40 === 0).map(errorOf),
  };
}
