import { SingleBar } from 'cli-progress';

/** Without a terminal a line is printed per so many percent. */
const LINE_EVERY_PERCENT = 10;

/** Shows on stdout how many hours are done. */
export interface HoursDisplay {
  update(done: number): void;
  end(): void;
}

/** A bar on a terminal, plain lines elsewhere. */
export function hoursDisplay(total: number): HoursDisplay {
  return process.stdout.isTTY ? barDisplay(total) : lineDisplay(total);
}

function barDisplay(total: number): HoursDisplay {
  const bar = new SingleBar({
    format: '{bar} {percentage}% | {value}/{total} hours | {eta_formatted} left',
    barsize: 40,
    hideCursor: true,
    // Resizing by escape codes is not worth a garbled log.
    noTTYOutput: false,
  });
  bar.start(total, 0);
  return {
    update: (done) => {
      bar.update(done);
    },
    end: () => {
      bar.stop();
    },
  };
}

function lineDisplay(total: number): HoursDisplay {
  let printed = -1;
  return {
    update: (done) => {
      const percent = Math.floor((100 * done) / Math.max(1, total));
      const step = percent - (percent % LINE_EVERY_PERCENT);
      if (step > printed) {
        printed = step;
        console.log(`${percent}% ${done}/${total} hours`);
      }
    },
    end: () => undefined,
  };
}
