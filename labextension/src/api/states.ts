/** Groups of run states. */

import { RunState } from './types';

/** States of a run that has not ended. */
export const LIVE_STATES: readonly RunState[] = ['queued', 'starting', 'running'];
