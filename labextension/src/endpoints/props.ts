/** What each part of an endpoint's view is given. */

import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';

import { IEndpoint } from '../api/servingtypes';
import { SeenWidget } from '../components/polled';
import { WorkbenchModel } from '../model';
import { IEntered } from './tryit';

export interface IEndpointTabProps {
  endpoint: IEndpoint;
  model: WorkbenchModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  /** What the view is in: it is looked at only while that is seen. */
  widget: SeenWidget;
  /** What was entered to try it, by model; kept while other tabs are looked at. */
  entered: Record<string, IEntered>;
  /** Keep what was entered for a model, and what came of it. */
  enter: (key: string, next: (before: IEntered | undefined) => IEntered) => void;
  /** Gives an order; what it answers is shown, and so is what went wrong. */
  does: (order: () => Promise<unknown>) => Promise<void>;
}
