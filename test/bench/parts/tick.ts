import type { Bench, Part } from '../support/bench.js';
import { ms, ratio } from '../support/numbers.js';
import { withOps } from '../support/ops.js';
import { progress, type Section } from '../support/report.js';
import { steadyDayHours } from './steady-day.js';
import { LATE_ROWS, timeTicks } from './timed-ticks.js';

/** Every ten minutes, three hours each: what the textbook job recomputes in a day. */
const TEXTBOOK_HOURS_A_DAY = 144 * 3;

const NOTES = [
  '- A tick is RefreshService.tick(): detection, audit, drain and heartbeat, with the default 2 workers and distributions, without sets of keys. ' +
    'The textbook tick recomputes the last three hours, as busy as those of a working day at 14:00 to 17:00 UTC.',
  '- Steady day: 24 times an hour closes that got a row, and 5 times between the open hour gets one, through the real ' +
    'detection and drain; the hour that closed last takes the place of each. The textbook job runs 144 times a day.',
];

export const tick: Part = async ({ sparse, options }: Bench): Promise<Section> => {
  const scene = await sparse();
  return withOps(scene, { dimensions: [] }, async (ops) => {
    const times = await timeTicks(scene, ops, options);
    progress('a steady day');
    const hours = await steadyDayHours(scene, ops);
    const row = (name: string, took: number): string[] => [name, ms(took), ratio(times.textbook / took)];
    return {
      title: 'Ticks',
      notes: NOTES,
      head: ['tick', 'median', 'against the textbook'],
      rows: [
        row('textbook: the last three hours', times.textbook),
        row('nothing new', times.idle),
        row('one changed hour: the last closed one', times.newestHour),
        row('one changed hour of a day that is over', times.olderHour),
        row('the merge of its day, once a minute', times.day),
        row(`${LATE_ROWS} late rows scattered over ${scene.days} days`, times.lateRows),
        [
          'hours recomputed in a steady day',
          `${hours} hours (textbook ${TEXTBOOK_HOURS_A_DAY})`,
          ratio(TEXTBOOK_HOURS_A_DAY / hours),
        ],
      ],
    };
  });
};
