import { html } from 'lit-html';
import type { RunState } from './admin-types.js';
import { ago } from './ago.js';
import { durations } from './format.js';
import type { Host } from './host.js';
import type { Column } from './table.js';
import { formatTime } from './zone.js';

interface Run {
  readonly id: string;
  readonly state: RunState;
  readonly requestedBy: string | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly cancelledAt?: string | null;
  readonly from: string;
  readonly to: string;
}

/** The columns that rebuilds and verifications have in common: what, who, when, how long. */
export function runColumns(host: Host): readonly Column<Run>[] {
  const time = (at: string): string => formatTime(at, host.view.zone, 'dateTime');
  return [
    {
      ...{ key: 'run', head: 'Run', value: ({ id }) => Number(id) },
      cell: ({ id, state }) => html`#${id} <span class="badge ${state}">${state}</span>`,
    },
    { key: 'range', head: 'Range', cell: ({ from, to }) => `${time(from)} – ${time(to)}` },
    {
      ...{ key: 'who', head: 'By whom', value: ({ requestedBy }) => requestedBy },
      cell: ({ requestedBy }) =>
        html`<span class="long" tabindex="0">${requestedBy ?? '(nobody said)'}</span>`,
    },
    {
      ...{ key: 'started', head: 'Started', value: ({ startedAt }) => startedAt, place: 'phone' },
      cell: ({ startedAt }) => ago(startedAt, host),
    },
    {
      ...{ key: 'took', head: 'Took', unit: 'ms', format: durations },
      value: ({ state, startedAt, finishedAt, cancelledAt }) => {
        const end = state === 'running' ? host.now : Date.parse(finishedAt ?? cancelledAt ?? '');
        return Number.isNaN(end) ? null : Math.max(0, end - Date.parse(startedAt));
      },
      cell: ({ state }, text) => (state === 'running' ? `${text} so far` : text),
    },
  ];
}
