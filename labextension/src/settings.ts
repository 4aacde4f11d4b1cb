/** The user's settings, see `schema/workbench.json`. */

import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ISignal, Signal } from '@lumino/signaling';

export interface ISettings {
  /** Whether train cells show their last run. */
  badges: boolean;
  /** The duration in seconds from which on the end of a run is notified; 0 for never. */
  notifyAfter: number;
}

const DEFAULTS: ISettings = { badges: true, notifyAfter: 30 };
const ID = 'jupyter-ml-workbench:workbench';

export class LiveSettings {
  current: ISettings = DEFAULTS;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Apply the user's settings. */
  take(found: ISettingRegistry.ISettings): void {
    const set = found.composite as unknown as Partial<ISettings>;
    this.current = { ...DEFAULTS, ...set };
    this._changed.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
}

let shared: Promise<LiveSettings> | null = null;

/** Return the live settings; the defaults without a registry. */
export function settingsOf(registry: ISettingRegistry | null): Promise<LiveSettings> {
  shared ??= (async () => {
    const live = new LiveSettings();
    try {
      const found = await registry?.load(ID);
      if (found) {
        live.take(found);
        found.changed.connect(() => live.take(found));
      }
    } catch (error) {
      console.warn('Workbench goes by its default settings.', error);
    }
    return live;
  })();
  return shared;
}
