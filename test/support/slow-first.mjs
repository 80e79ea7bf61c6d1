import TestSequencer from '@jest/test-sequencer';

/** Files that wait for processes: begun last, one of them would keep the run from ending while nothing else is left. */
const SLOW = /process-|silent-connection|refresh-ingest|integration.cli\.|start-failures|package/;

/** Without the durations of an earlier run, as in CI, Jest takes the largest files first; this takes the slow ones. */
export default class SlowFirst extends TestSequencer {
  sort(tests) {
    const isSlow = ({ path }) => SLOW.test(path);
    const sorted = super.sort(tests);
    return [...sorted.filter(isSlow), ...sorted.filter((test) => !isSlow(test))];
  }
}
