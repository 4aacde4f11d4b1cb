/** Polls while a widget is visible. */

import * as React from 'react';

import { ReactWidget } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import { Poll } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';

const BACK_OFF_MS = 30_000;

/** A widget with a signal for its visibility. */
export abstract class SeenWidget extends ReactWidget {
  /** Emitted when the widget becomes visible or hidden. */
  get seen(): ISignal<this, boolean> {
    return this._seen;
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._seen.emit(this.isVisible);
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._seen.emit(true);
  }

  protected onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this._seen.emit(false);
  }

  private readonly _seen = new Signal<this, boolean>(this);
}

/** Return whether a widget is visible. */
export function useSeen(widget: SeenWidget): boolean {
  const [isSeen, setSeen] = React.useState(widget.isVisible);
  React.useEffect(() => {
    const onSeen = (_: unknown, now: boolean) => setSeen(now);
    setSeen(widget.isVisible);
    widget.seen.connect(onSeen);
    return () => {
      widget.seen.disconnect(onSeen);
    };
  }, [widget]);
  return isSeen;
}

export interface IPolled<T> {
  /** The latest data, null before the first answer. */
  data: T | null;
  /** Why the latest read failed, or an empty string. */
  error: string;
  /** Read now. */
  refresh: () => Promise<void>;
  /** Replace the data with the answer of an action. */
  put: (data: T) => void;
}

/** Poll for data; answers to requests sent before an action are dropped. */
export function usePolled<T>(read: () => Promise<T>, widget: SeenWidget, everyMs: number): IPolled<T> {
  const [data, setData] = React.useState<T | null>(null);
  const [error, setError] = React.useState('');
  const isSeen = useSeen(widget);
  const turn = React.useRef(0);
  const look = React.useCallback(async () => {
    const mine = ++turn.current;
    try {
      const found = await read();
      if (mine === turn.current) {
        setData(found);
        setError('');
      }
    } catch (problem) {
      if (mine === turn.current) {
        setError((problem as Error).message);
      }
      throw problem; // the poll backs off
    }
  }, [read]);
  React.useEffect(() => {
    if (!isSeen) {
      return;
    }
    const poll = new Poll({
      factory: look,
      frequency: { interval: everyMs, backoff: true, max: BACK_OFF_MS },
      standby: 'when-hidden',
      name: 'jupyter-ml-workbench:endpoints'
    });
    return () => {
      poll.dispose();
    };
  }, [look, isSeen, everyMs]);
  const refresh = React.useCallback(() => look().catch(() => undefined), [look]);
  const put = React.useCallback((found: T) => {
    turn.current += 1;
    setData(found);
    setError('');
  }, []);
  return { data, error, refresh, put };
}
