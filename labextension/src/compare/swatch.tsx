/** The colour that identifies a compared run. */

import * as React from 'react';

import { COLORS } from '../components/chart';

/** The colour of a run in all plots of the comparison. */
export function Swatch({ index }: { index: number }): JSX.Element {
  return <span className="wb-Swatch" style={{ background: `var(${COLORS[index % COLORS.length]})` }} aria-hidden />;
}
