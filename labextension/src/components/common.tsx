/** Small pieces that several views share. */

import * as React from 'react';

import { LabIcon } from '@jupyterlab/ui-components';

import { RunState } from '../api/types';

/** The state of a run as a coloured dot, with a label for screen readers and the tooltip. */
export function StateDot(props: { state: RunState; label: string }): JSX.Element {
  return (
    <span className={`wb-StateDot wb-mod-${props.state}`} role="img" aria-label={props.label} title={props.label} />
  );
}

/** A bar that shows how much of a resource is in use. */
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

/** An error message with a button to try again. */
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

/** A placeholder for an empty view, with what to do about it. */
export function Empty(props: { children: React.ReactNode; isError?: boolean }): JSX.Element {
  return (
    <div className={`wb-Empty${props.isError ? ' wb-mod-error' : ''}`} role={props.isError ? 'alert' : 'status'}>
      {props.children}
    </div>
  );
}

/** A button with an icon and no text. */
export function IconButton(props: { icon: LabIcon; label: string; onClick: () => void }): JSX.Element {
  return (
    <button className="wb-IconButton" aria-label={props.label} title={props.label} onClick={props.onClick}>
      <props.icon.react tag="span" />
    </button>
  );
}
