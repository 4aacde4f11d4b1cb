/** Small pieces that several views share. */

import * as React from 'react';

import { LabIcon } from '@jupyterlab/ui-components';

import { RunState } from '../api/types';

/** A run's state as a coloured dot; its word is there for screen readers and on hovering. */
export function StateDot(props: { state: RunState; label: string }): JSX.Element {
  return (
    <span className={`wb-StateDot wb-mod-${props.state}`} role="img" aria-label={props.label} title={props.label} />
  );
}

/** How much of something is used. */
export function Meter(props: { label: string; used: number; total: number; text: string }): JSX.Element {
  const share = props.total > 0 ? Math.min(1, props.used / props.total) : 0;
  return (
    <div className="wb-Meter">
      <span className="wb-Meter-label">{props.label}</span>
      <div
        className="wb-Meter-track"
        role="meter"
        aria-label={props.label}
        aria-valuemin={0}
        aria-valuemax={props.total}
        aria-valuenow={props.used}
        aria-valuetext={props.text}
      >
        <div className={`wb-Meter-fill${share > 0.92 ? ' wb-mod-full' : ''}`} style={{ width: `${share * 100}%` }} />
      </div>
      <span className="wb-Meter-text">{props.text}</span>
    </div>
  );
}

/** What went wrong, with a button to try once more. */
export function Problem(props: { text: string; again: string; onAgain: () => unknown }): JSX.Element {
  return (
    <Empty isError>
      <p>{props.text}</p>
      <button className="jp-mod-styled" onClick={() => void props.onAgain()}>
        {props.again}
      </button>
    </Empty>
  );
}

/** What is shown where there is nothing to show, with what to do about it. */
export function Empty(props: { children: React.ReactNode; isError?: boolean }): JSX.Element {
  return (
    <div className={`wb-Empty${props.isError ? ' wb-mod-error' : ''}`} role={props.isError ? 'alert' : 'status'}>
      {props.children}
    </div>
  );
}

/** A button that is an icon alone. */
export function IconButton(props: { icon: LabIcon; label: string; onClick: () => void }): JSX.Element {
  return (
    <button className="wb-IconButton" aria-label={props.label} title={props.label} onClick={props.onClick}>
      <props.icon.react tag="span" />
    </button>
  );
}
