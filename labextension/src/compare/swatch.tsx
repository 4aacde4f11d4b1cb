/** The colour that tells a compared run from the others. */

import * as React from 'react';

import { COLORS } from '../components/chart';

/** The colour that a run has in all plots of the comparison. */
export function Swatch({ index }: { index: number }): JSX.Element {
  return <span className="wb-Swatch" style={{ background: `var(${COLORS[index % COLORS.length]})` }} aria-hidden />;
}
