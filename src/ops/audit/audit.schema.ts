import { z } from 'zod';
import { count } from '../common/schemas.js';

/** What the audit of one tick came to. */
export const auditResultSchema = z.object({
  auditedHours: count('Closed hours that the audit compared with their raw rows.', 24),
  differingHours: count('Of these, the ones that differed, unseen by detection: noted.'),
  differingMinutes: count('Hours that were right while their minutes were not: these are noted.'),
  differingDays: count('Days whose rows were not the sum of their hours: noted.'),
});

export type AuditResult = z.infer<typeof auditResultSchema>;
