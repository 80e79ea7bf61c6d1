import { ApiProperty } from '@nestjs/swagger';
import type { ExactSum, LatencySummary, Measures, PeriodMeasures, PreviousMeasures } from './read.types.js';
import { count, instant } from '../http/response-properties.js';

const nullable = (description: string, example: number): PropertyDecorator =>
  ApiProperty({ type: Number, format: 'double', nullable: true, description, example });

export class LatencySummaryResponse implements LatencySummary {
  @nullable('Milliseconds; null without a sample.', 1820.5)
  readonly p50!: number | null;

  @nullable('Milliseconds.', 5216)
  readonly p90!: number | null;

  @nullable('Milliseconds.', 7808)
  readonly p95!: number | null;

  @nullable('Milliseconds.', 15_104)
  readonly p99!: number | null;

  @nullable('Exact mean, in milliseconds.', 2663.4)
  readonly avg!: number | null;

  @nullable('Exact maximum, in milliseconds.', 90_122)
  readonly max!: number | null;

  @count('Requests that have this latency.', 1_204_311)
  readonly samples!: number;

  @ApiProperty({
    description:
      'False where a bucket of the range has samples but no stored distribution: then the percentiles are null.',
    example: true,
  })
  readonly percentilesComplete!: boolean;
}

export class MeasuresResponse implements Measures {
  @count('Successful requests.', 1_204_311)
  readonly successCount!: number;

  @count('Requests that failed for the client (status 400 or more).', 21_034)
  readonly errorCountTotal!: number;

  @count("Of these, the ones limited by quota, balance or the like: not the service's fault.", 12_877)
  readonly businessLimitedCount!: number;

  @count('Of these, the ones that count against the SLA.', 8157)
  readonly errorCountSla!: number;

  @count('Provider errors other than 429 and 529, also those that a retry hid from the client.', 5012)
  readonly upstreamErrorCountExcl429529!: number;

  @count('Provider errors 429 (rate limited).', 3001)
  readonly upstream429Count!: number;

  @count('Provider errors 529 (overloaded).', 801)
  readonly upstream529Count!: number;

  @ApiProperty({
    oneOf: [
      { type: 'integer', format: 'int64', maximum: Number.MAX_SAFE_INTEGER },
      { type: 'string', format: 'int64', pattern: '^-?[0-9]{16,19}$' },
    ],
    description:
      'Input, output and cache tokens, exactly: past 2^53 - 1 as decimal text, so that no parser rounds it.',
    example: 3_918_220_114,
  })
  readonly tokenConsumed!: ExactSum;

  @count('successCount + errorCountTotal.', 1_225_345)
  readonly requestCountTotal!: number;

  @count('successCount + errorCountSla.', 1_212_468)
  readonly requestCountSla!: number;

  @nullable('successCount / requestCountSla; null without a request.', 0.99327)
  readonly sla!: number | null;

  @nullable('errorCountTotal / requestCountTotal; null without a request.', 0.01717)
  readonly errorRate!: number | null;

  @nullable('The three upstream counts / requestCountTotal; null without a request.', 0.00719)
  readonly upstreamErrorRate!: number | null;

  @nullable('requestCountTotal per second of the range, up to now; null where it lies in the future.', 0.473)
  readonly requestsPerSecond!: number | null;

  @nullable('tokenConsumed per second of the range, up to now.', 1511.66)
  readonly tokensPerSecond!: number | null;

  @ApiProperty({ type: LatencySummaryResponse })
  readonly duration!: LatencySummaryResponse;

  @ApiProperty({ type: LatencySummaryResponse })
  readonly ttft!: LatencySummaryResponse;
}

export class RangeMeasuresResponse extends MeasuresResponse {
  @instant('2026-01-01T00:00:00.000Z')
  readonly from!: string;

  @instant('2026-01-31T00:00:00.000Z')
  readonly to!: string;
}

export class PeriodMeasuresResponse extends RangeMeasuresResponse implements PeriodMeasures {
  @nullable('Mean rate of the busiest whole UTC hour; null where the period has none.', 1.21)
  readonly peakRequestsPerSecond!: number | null;

  @nullable('Mean token rate of the UTC hour with the most tokens; null where the period has none.', 3920.4)
  readonly peakTokensPerSecond!: number | null;
}

export class PreviousMeasuresResponse extends PeriodMeasuresResponse implements PreviousMeasures {
  @count('Closed hours of this period that are left out; freshness speaks of the range only.', 0)
  readonly missingHours!: number;
}
