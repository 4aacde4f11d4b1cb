/** What the states of a run mean. */

import { RunState } from './types';

/** The states of a run that has not ended. */
export const LIVE_STATES: readonly RunState[] = ['queued', 'starting', 'running'];
