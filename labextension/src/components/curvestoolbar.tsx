/** How curves are drawn: log scale, smoothing, and what the x axis counts. */

import * as React from 'react';

import { TranslationBundle } from '@jupyterlab/translation';

export interface ICurveSettings {
  isLog: boolean;
  /** Weight of the past in an exponential moving average, 0 for none. */
  smoothing: number;
  /** `step`, `elapsed` (seconds since the start), `time` (of day), or `metrics.NAME`. */
  x: string;
}

export const DEFAULT_CURVES: ICurveSettings = { isLog: false, smoothing: 0, x: 'step' };

interface IToolbarProps {
  settings: ICurveSettings;
  onChange: (settings: ICurveSettings) => void;
  /** Metrics that may be the x axis. */
  metrics: string[];
  trans: TranslationBundle;
  children?: React.ReactNode;
}

export function CurvesToolbar({ settings, onChange, metrics, trans, children }: IToolbarProps): JSX.Element {
  const set = (change: Partial<ICurveSettings>) => onChange({ ...settings, ...change });
  return (
    <div className="wb-Curves-toolbar">
      <label>
        <input type="checkbox" checked={settings.isLog} onChange={event => set({ isLog: event.target.checked })} />
        {trans.__('Log scale')}
      </label>
      <label>
        {trans.__('Smoothing')}
        <input
          type="range"
          min={0}
          max={0.99}
          step={0.01}
          value={settings.smoothing}
          onChange={event => set({ smoothing: Number(event.target.value) })}
        />
        <output className="wb-Curves-value">{settings.smoothing.toFixed(2)}</output>
      </label>
      <label>
        {trans.__('By')}
        <select className="jp-mod-styled" value={settings.x} onChange={event => set({ x: event.target.value })}>
          <option value="step">{trans.__('step')}</option>
          <option value="elapsed">{trans.__('time since the start')}</option>
          <option value="time">{trans.__('time of day')}</option>
          {metrics.map(name => (
            <option key={name} value={`metrics.${name}`}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {children}
    </div>
  );
}
