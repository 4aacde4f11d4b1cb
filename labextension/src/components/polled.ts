/** Reads something again and again while its widget is in sight, and not at all while it is not. */

import * as React from 'react';

import { ReactWidget } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import { Poll } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';

const BACK_OFF_MS = 30_000;

/** A widget that tells when it comes in sight. */
export abstract class SeenWidget extends ReactWidget {
  /** It came in sight, or went out of it. */
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

/** Whether a widget is in sight. */
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
  /** What was read last, null before the first answer. */
  data: T | null;
  /** Why the latest reading failed, or an empty string. */
  error: string;
  /** Read now. */
  refresh: () => Promise<void>;
  /** Take what an order answered in the place of what was read before it. */
  put: (data: T) => void;
}

/** Keep something read; answers that were asked for before an order was given are not taken. */
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
      throw problem; // the poll waits longer before it looks again
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
