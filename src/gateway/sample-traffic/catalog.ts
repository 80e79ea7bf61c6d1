import type { NewGroup } from '../raw-log.types.js';

/** Marks the rows of the sample traffic, in both raw tables: how they are told from anybody else's. */
export const SAMPLE_REQUEST_PREFIX = 'sample-traffic-';

type Tuple = [
  name: string,
  /** Share of its platform's requests. */
  weight: number,
  /** Median of the whole request, in milliseconds. */
  medianMs: number,
  /** Median prompt and answer, in tokens; an embedding has no answer, and neither streams nor caches. */
  inputTokens: number,
  outputTokens: number,
  /** US dollars per million tokens, in round figures. */
  inputPrice: number,
  outputPrice: number,
];

function models(platform: string, ...tuples: readonly Tuple[]) {
  return tuples.map(([name, weight, medianMs, inputTokens, outputTokens, inputPrice, outputPrice]) => {
    return { platform, name, weight, medianMs, inputTokens, outputTokens, inputPrice, outputPrice };
  });
}

/** What a model is like as seen from a gateway. */
export type ModelProfile = ReturnType<typeof models>[number];

/** The models behind every platform. */
export const MODELS: readonly ModelProfile[] = [
  ...models(
    'openai',
    ['gpt-4.1', 30, 3_200, 1_400, 320, 2, 8],
    ['gpt-4.1-mini', 28, 1_600, 900, 220, 0.4, 1.6],
    ['gpt-4o', 20, 2_700, 1_100, 280, 2.5, 10],
    ['o4-mini', 10, 7_500, 1_800, 900, 1.1, 4.4],
    ['text-embedding-3-large', 12, 90, 600, 0, 0.13, 0],
  ),
  ...models(
    'anthropic',
    ['claude-sonnet-4-5', 60, 5_200, 4_500, 480, 3, 15],
    ['claude-haiku-4-5', 28, 2_100, 2_200, 300, 1, 5],
    ['claude-opus-4-1', 12, 9_800, 6_000, 650, 15, 75],
  ),
  ...models(
    'gemini',
    ['gemini-2.5-flash', 55, 1_900, 1_500, 300, 0.3, 2.5],
    ['gemini-2.5-pro', 30, 6_400, 2_800, 620, 1.25, 10],
    ['gemini-2.5-flash-lite', 15, 900, 800, 160, 0.1, 0.4],
  ),
  ...models(
    'bedrock',
    ['anthropic.claude-sonnet-4-20250514-v1:0', 55, 5_900, 3_800, 450, 3, 15],
    ['amazon.nova-pro-v1:0', 25, 2_600, 1_200, 260, 0.8, 3.2],
    ['meta.llama3-3-70b-instruct-v1:0', 20, 2_300, 900, 240, 0.72, 0.72],
  ),
  ...models(
    'azure',
    ['gpt-4.1', 45, 3_500, 1_300, 310, 2, 8],
    ['gpt-4o', 40, 2_900, 1_000, 270, 2.5, 10],
    ['text-embedding-3-small', 15, 90, 600, 0, 0.02, 0],
  ),
  ...models(
    'deepseek',
    ['deepseek-chat', 70, 4_300, 1_600, 380, 0.27, 1.1],
    ['deepseek-reasoner', 30, 14_000, 2_000, 1_500, 0.55, 2.19],
  ),
];

/** The platform of each group in order of size: most of them, and the largest ones, on the popular platforms. */
const PLATFORM_BY_RANK = [
  'anthropic openai gemini openai anthropic azure bedrock anthropic openai gemini',
  'anthropic deepseek openai azure anthropic gemini bedrock openai anthropic openai',
  'azure gemini anthropic bedrock openai anthropic deepseek gemini azure openai',
  'anthropic bedrock gemini openai anthropic azure bedrock openai gemini anthropic',
].flatMap((platforms) => platforms.split(' '));

/** The 40 groups of the sample traffic, largest first. The prefix keeps them apart from a gateway's own groups. */
export const SAMPLE_GROUPS: readonly NewGroup[] = PLATFORM_BY_RANK.map((platform, rank) => ({
  name: `sample-${platform}-${String(rank + 1).padStart(2, '0')}`,
  platform,
}));
