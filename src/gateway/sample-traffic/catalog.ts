import type { NewGroup } from '../raw-log.types.js';

/** What a model is like as seen from a gateway. Prices are US dollars per million tokens, in round figures. */
export interface ModelProfile {
  readonly name: string;
  /** Share of its platform's requests. */
  readonly weight: number;
  /** Median of the whole request, in milliseconds. */
  readonly medianMs: number;
  /** Median prompt and answer, in tokens. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly inputPrice: number;
  readonly outputPrice: number;
  /** Can it stream? Embeddings cannot. */
  readonly streams: boolean;
  /** Does it cache prompts? */
  readonly caches: boolean;
}

type ModelTuple = [
  name: string,
  weight: number,
  medianMs: number,
  inputTokens: number,
  outputTokens: number,
  inputPrice: number,
  outputPrice: number,
];

function chat(...[name, weight, medianMs, inputTokens, outputTokens, inputPrice, outputPrice]: ModelTuple) {
  const tokens = { inputTokens, outputTokens, inputPrice, outputPrice };
  return { name, weight, medianMs, ...tokens, streams: true, caches: true } satisfies ModelProfile;
}

function embedding(name: string, weight: number, inputPrice: number): ModelProfile {
  const tokens = { inputTokens: 600, outputTokens: 0, inputPrice, outputPrice: 0 };
  return { name, weight, medianMs: 90, ...tokens, streams: false, caches: false };
}

/** The models behind every platform. */
export const PLATFORM_MODELS = {
  openai: [
    chat('gpt-4.1', 30, 3_200, 1_400, 320, 2, 8),
    chat('gpt-4.1-mini', 28, 1_600, 900, 220, 0.4, 1.6),
    chat('gpt-4o', 20, 2_700, 1_100, 280, 2.5, 10),
    chat('o4-mini', 10, 7_500, 1_800, 900, 1.1, 4.4),
    embedding('text-embedding-3-large', 12, 0.13),
  ],
  anthropic: [
    chat('claude-sonnet-4-5', 60, 5_200, 4_500, 480, 3, 15),
    chat('claude-haiku-4-5', 28, 2_100, 2_200, 300, 1, 5),
    chat('claude-opus-4-1', 12, 9_800, 6_000, 650, 15, 75),
  ],
  gemini: [
    chat('gemini-2.5-flash', 55, 1_900, 1_500, 300, 0.3, 2.5),
    chat('gemini-2.5-pro', 30, 6_400, 2_800, 620, 1.25, 10),
    chat('gemini-2.5-flash-lite', 15, 900, 800, 160, 0.1, 0.4),
  ],
  bedrock: [
    chat('anthropic.claude-sonnet-4-20250514-v1:0', 55, 5_900, 3_800, 450, 3, 15),
    chat('amazon.nova-pro-v1:0', 25, 2_600, 1_200, 260, 0.8, 3.2),
    chat('meta.llama3-3-70b-instruct-v1:0', 20, 2_300, 900, 240, 0.72, 0.72),
  ],
  azure: [
    chat('gpt-4.1', 45, 3_500, 1_300, 310, 2, 8),
    chat('gpt-4o', 40, 2_900, 1_000, 270, 2.5, 10),
    embedding('text-embedding-3-small', 15, 0.02),
  ],
  deepseek: [
    chat('deepseek-chat', 70, 4_300, 1_600, 380, 0.27, 1.1),
    chat('deepseek-reasoner', 30, 14_000, 2_000, 1_500, 0.55, 2.19),
  ],
} as const satisfies Record<string, readonly ModelProfile[]>;

export type SamplePlatform = keyof typeof PLATFORM_MODELS;

/** The platform of each group in order of size: the largest ones first, most of them on the popular platforms. */
const PLATFORM_BY_RANK: readonly SamplePlatform[] = [
  ...(['anthropic', 'openai', 'gemini', 'openai', 'anthropic', 'azure', 'bedrock', 'anthropic'] as const),
  ...(['openai', 'gemini', 'anthropic', 'deepseek', 'openai', 'azure', 'anthropic', 'gemini'] as const),
  ...(['bedrock', 'openai', 'anthropic', 'openai', 'azure', 'gemini', 'anthropic', 'bedrock'] as const),
  ...(['openai', 'anthropic', 'deepseek', 'gemini', 'azure', 'openai', 'anthropic', 'bedrock'] as const),
  ...(['gemini', 'openai', 'anthropic', 'azure', 'bedrock', 'openai', 'gemini', 'anthropic'] as const),
];

export interface SampleGroup extends NewGroup {
  readonly platform: SamplePlatform;
}

/** The 40 groups of the sample traffic, largest first. The prefix keeps them apart from a gateway's own groups. */
export const SAMPLE_GROUPS: readonly SampleGroup[] = PLATFORM_BY_RANK.map((platform, rank) => ({
  name: `demo-${platform}-${String(rank + 1).padStart(2, '0')}`,
  platform,
}));
