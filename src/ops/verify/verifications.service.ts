import { Injectable } from '@nestjs/common';
import { OpsOptions } from '../options/ops.options.js';
import { validated } from '../common/validated.js';
import { RangeChecker } from '../ranges/range-checker.service.js';
import { OpsRunActiveError } from '../runs/run.errors.js';
import type { RunState } from '../runs/run.schemas.js';
import { RunsService, type Run } from '../runs/runs.service.js';
import { ReportBuilder } from './report-builder.js';
import { VerifyService } from './verify.service.js';
import {
  verificationRequestSchema,
  type Verification,
  type VerificationRequest,
  type VerificationSummary,
  type VerifyReport,
} from './verify.schemas.js';

interface Fix {
  readonly fix: boolean;
}

/** Between two reports lies one statement; what it may wait for a connection comes on top. */
const GRACE_SECONDS = 120;

/** Verifications on demand: in the background, one at a time on each instance, to be seen and cancelled from any. */
@Injectable()
export class VerificationsService {
  public constructor(
    private readonly runs: RunsService,
    private readonly verifier: VerifyService,
    private readonly ranges: RangeChecker,
    private readonly options: OpsOptions,
  ) {}

  /**
   * @param requestedBy who asks; kept
   * @throws OpsInputError naming what is wrong: the range, most likely
   * @throws OpsRunActiveError where this instance is verifying already
   */
  public async request(request: VerificationRequest, requestedBy?: string): Promise<Verification> {
    const { from, to, fix: asked } = validated(verificationRequestSchema, request);
    const fix = asked === true;
    const { start, end } = await this.ranges.closedHours({ from, to });
    if (this.verifier.isRunning && !this.runs.isActive('verify')) {
      throw new OpsRunActiveError('verify', null); // a host's own
    }
    const id = await this.runs.start<VerifyReport>({
      kind: 'verify',
      request: { fix } satisfies Fix,
      first: new ReportBuilder(start, end).report(),
      requestedBy,
      aliveSeconds: this.options.statementTimeoutMs / 1000 + GRACE_SECONDS,
      work: (onProgress, signal) => this.verifier.verify(start, end, fix, { onProgress, signal }),
    });
    return this.progress(id);
  }

  /** The latest ones, newest first, without their lists. */
  public async list(limit = 50): Promise<VerificationSummary[]> {
    const runs = await this.runs.list<Fix, Omit<VerifyReport, 'differences' | 'unjudged'>>('verify', limit, [
      'differences',
      'unjudged',
    ]);
    return runs.map(flat);
  }

  /** @throws OpsRunNotFoundError */
  public async progress(id: string): Promise<Verification> {
    return flat(await this.runs.read<Fix, VerifyReport>('verify', id));
  }

  /**
   * Asks it to stop after the UTC day under way, on whichever instance it is.
   *
   * @throws OpsRunNotFoundError
   * @throws OpsRunEndedError
   */
  public async cancel(id: string): Promise<Verification> {
    await this.runs.cancel('verify', id);
    return this.progress(id);
  }
}

function flat<Report>({ request, result, ...state }: Run<Fix, Report>): RunState & Fix & Report {
  return { ...state, ...request, ...result };
}
