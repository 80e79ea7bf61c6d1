import { html, nothing, type TemplateResult } from 'lit-html';
import type { Status } from './admin-types.js';
import type { Host } from './host.js';
import { button } from './templates.js';
import { isFiltered, NO_FILTERS, subjectOf } from './view.js';

/** The row that a gateway writes for a request, for one whose tables were made by the migrations. */
const FIRST_ROW = `INSERT INTO groups (name, platform) VALUES ('team-a', 'openai');
INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id,
    input_tokens, output_tokens, duration_ms, first_token_ms)
  SELECT 1, 1, 1, 'gpt-4.1-mini', id, 120, 45, 1400, 300 FROM groups WHERE name = 'team-a';`;

/**
 * Instead of numbers: what to do where there are none.
 *
 * @param status null until it is known
 */
export function emptyState({ view, to }: Host, status: Status | null): TemplateResult {
  const filtered = isFiltered(view);
  const month = { ...NO_FILTERS, preset: '30d', fixed: null } as const;
  if (status?.latestBuckets.hourly === null && status.rows.minutely === '0') {
    return html`<section class="card empty-state">
      <h2>No request has been logged yet</h2>
      <p>
        The gateway writes a row to <code>usage_logs</code> for each success and to
        <code>ops_error_logs</code> for each failure; what it writes is here ten seconds later. The first row
        by hand:
      </p>
      <pre tabindex="0" aria-label="SQL for a first row"><code>${FIRST_ROW}</code></pre>
      <p>
        For 30 days of sample traffic on a database of its own, run <code>npm run demo</code> in the
        repository.
      </p>
    </section>`;
  }
  return html`<section class="card empty-state">
    <h2>Nothing here</h2>
    <p>
      ${
        filtered
          ? 'No request in this range belongs to what is filtered for.'
          : 'The gateway has logged no request in this range.'
      }
    </p>
    <div class="actions">
      ${filtered ? button('Clear the filters', to(NO_FILTERS)) : nothing}
      ${
        subjectOf(view) === subjectOf({ ...view, ...month })
          ? nothing
          : button('Show the last 30 days', to(month))
      }
    </div>
  </section>`;
}
