import { z } from 'zod';
import { bigCount, count, flag, instant, real, words } from '../common/schemas.js';
import { MESSAGE_SHOWN } from './shown-message.js';

const common = {
  id: bigCount('Of the row in its table.', '48211'),
  createdAt: instant('ISO 8601 in UTC, with microseconds.', '2026-01-30T23:59:58.123456Z'),
  requestId: words('As the gateway logged it.', 'req-7f3a').nullable(),
  platform: words("The group's; of an error its own, `unknown` where it was not routed.", 'openai'),
  groupId: bigCount('Null for an error without a group.', '12').nullable(),
  groupName: words('Null where there is no such group.', 'team-a').nullable(),
  model: words('As it was asked for.', 'gpt-4o').nullable(),
  userId: bigCount('Who asked.', '7').nullable(),
  apiKeyId: bigCount('By which key.', '31').nullable(),
  accountId: bigCount('Upstream account.', '3').nullable(),
};

const milliseconds = (description: string, example: number) => count(description, example).nullable();
const tokens = (description: string, example: number) =>
  z.int().meta({ format: 'int64', description, example });
const cost = (description: string) =>
  words(`${description}, as the gateway logged it, to the last digit.`, '0.0042310000').nullable();

const successSchema = z
  .object({
    kind: z.literal('success').meta({ example: 'success' }),
    ...common,
    inputTokens: tokens('Input.', 1210),
    outputTokens: tokens('Output.', 388),
    cacheCreationTokens: tokens('Written to the cache.', 0),
    cacheReadTokens: tokens('Read from the cache.', 1024),
    totalCost: cost('Cost'),
    actualCost: cost('Cost that was charged'),
    stream: flag('Whether it was streamed.').nullable(),
    durationMs: milliseconds('The whole request, in milliseconds.', 3584),
    firstTokenMs: milliseconds(
      'Until the first token, in milliseconds; null where it was not streamed.',
      688,
    ),
    outputTokensPerSecond: real(
      'Output tokens by the time from the first one to the end; null where one of the three is missing.',
      133.98,
    ).nullable(),
  })
  .meta({ id: 'SuccessfulRequestResponse' });

const errorSchema = z
  .object({
    kind: z.literal('error').meta({ example: 'error' }),
    ...common,
    statusCode: count('What the client was told; below 400 it was recovered from.', 502).nullable(),
    upstreamStatusCode: count('What the provider answered.', 529).nullable(),
    errorOwner: words('Whose fault it is.', 'provider').nullable(),
    errorPhase: words('Where it failed.', 'upstream').nullable(),
    errorType: words('What failed.', 'overloaded_error').nullable(),
    severity: words('As the gateway logged it.', 'P2').nullable(),
    isBusinessLimited: flag("Quota, balance and the like: not the service's fault."),
    message: words(
      `At most ${MESSAGE_SHOWN} characters; what might be a secret is replaced by \`***\`.`,
      'Overloaded',
    ).nullable(),
  })
  .meta({ id: 'FailedRequestResponse' });

const requestSchema = z.discriminatedUnion('kind', [successSchema, errorSchema]);

/** A raw row: a successful request, or an error. */
export type OpsRequest = z.infer<typeof requestSchema>;

export const requestsSchema = z
  .object({
    from: instant('ISO 8601 in UTC.', '2026-01-01T00:00:00.000Z'),
    to: instant('ISO 8601 in UTC.', '2026-01-31T00:00:00.000Z'),
    items: z
      .array(requestSchema)
      .meta({ description: 'Newest first; of one instant errors first, then by id, greatest first.' }),
    next: words('For `after`: where the next page begins; null where this is the last.', null).nullable(),
  })
  .meta({ id: 'RequestsResponse' });

export type Requests = z.infer<typeof requestsSchema>;
