import {
  MAX_LISTED_DIFFERENCES,
  MAX_LISTED_UNJUDGED,
  type Difference,
  type UnjudgedBucket,
  type VerifyReport,
} from './verify.schemas.js';
import type { ComparisonRow } from './sql/verify.sql.js';
import type { Tier } from '../definitions/tiers.js';
import { HOUR_MS } from '../common/utc.js';

/** Adds up what the steps of a verification found. */
export class ReportBuilder {
  private readonly differences: Difference[] = [];
  private readonly unjudged: UnjudgedBucket[] = [];
  private differenceCount = 0;
  private unjudgedCount = 0;
  private hours = 0;
  private readonly noted: Record<Tier, number> = { minute: 0, hour: 0, day: 0 };

  public constructor(
    private readonly start: Date,
    private readonly end: Date,
  ) {}

  public addComparison(table: Difference['table'], found: ComparisonRow): void {
    this.differenceCount += found.total;
    for (const row of found.differences.slice(0, MAX_LISTED_DIFFERENCES - this.differences.length)) {
      const level = row.groupId !== null ? 'group' : row.platform !== null ? 'platform' : 'overall';
      this.differences.push({ table, level, ...row });
    }
    for (const bucket of found.unjudged) {
      this.addUnjudged({ table, ...bucket });
    }
  }

  public addUnjudged(bucket: UnjudgedBucket): void {
    this.unjudgedCount += 1;
    if (this.unjudged.length < MAX_LISTED_UNJUDGED) {
      this.unjudged.push(bucket);
    }
  }

  public addHours(hours: number): void {
    this.hours += hours;
  }

  public addNoted(tier: Tier, buckets: number): void {
    this.noted[tier] += buckets;
  }

  public report(): VerifyReport {
    return {
      from: this.start.toISOString(),
      to: this.end.toISOString(),
      hoursTotal: (this.end.getTime() - this.start.getTime()) / HOUR_MS,
      hours: this.hours,
      unjudgedCount: this.unjudgedCount,
      unjudged: [...this.unjudged],
      differenceCount: this.differenceCount,
      differences: [...this.differences],
      notedMinutes: this.noted.minute,
      notedHours: this.noted.hour,
      notedDays: this.noted.day,
    };
  }
}
