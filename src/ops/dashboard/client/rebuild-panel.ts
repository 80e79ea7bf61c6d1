import { html, nothing } from 'lit-html';
import type { Rebuild } from './admin-types.js';
import { count, plural } from './format.js';
import { RunPanel } from './runs.js';
import { column, type Column } from './table.js';

/** Has a range recomputed from its raw rows. */
export class RebuildPanel extends RunPanel<Rebuild> {
  protected readonly words = {
    path: 'rebuilds',
    noun: 'Rebuild',
    title: 'Rebuild',
    button: 'Start rebuild',
    failed: 'Not started',
    note: 'recomputes every closed hour of a range from its raw rows',
    none: 'No rebuild yet. Start one where raw rows were corrected, or imported late.',
  };

  protected readonly fields = html`<label class="grow">
      <span>Reason <span class="note">optional</span></span>
      <input name="reason" type="text" maxlength="500" autocomplete="off" />
    </label>
    ${this.check(
      'force',
      'Force: also where raw rows may be gone',
      'Overwrites what is stored of such hours, for good: history can shrink.',
    )}`;

  protected get columns(): readonly Column<Rebuild>[] {
    const left = ({ hours: { failed, cancelled } }: Rebuild): string =>
      [failed > 0 && `${count(failed)} failed`, cancelled > 0 && `${count(cancelled)} cancelled`]
        .filter(Boolean)
        .join(', ');
    return [
      ...this.runColumns,
      column('left', 'Not done', {
        place: 'phone',
        cell: (run) => left(run) || 'none',
        classOf: ({ hours }) => (hours.failed > 0 ? 'level-critical' : ''),
      }),
      column('reason', 'Reason', {
        cell: ({ reason, force }) =>
          html`${force ? html`<span class="badge">forced</span>` : nothing}
          ${reason === null ? nothing : `“${reason}”`}`,
      }),
    ];
  }

  protected readonly hoursOf = ({ hours }: Rebuild) => [hours.done, hours.total] as const;

  protected tell({ id, hours }: Rebuild, isNew: boolean): void {
    if (isNew) {
      this.say(`Rebuild ${id} of ${plural(hours.total, 'hour')} has started.`);
    }
  }
}
