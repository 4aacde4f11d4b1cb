/** Props of the parts of an endpoint's view. */

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
  /** The widget of the view: the endpoint is polled only while it is visible. */
  widget: SeenWidget;
  /** The entries of the try-it form by model, kept while other tabs are shown. */
  entered: Record<string, IEntered>;
  /** Store the entries for a model and their outcome. */
  enter: (key: string, next: (before: IEntered | undefined) => IEntered) => void;
  /** Runs an action and shows its answer, or its error. */
  does: (order: () => Promise<unknown>) => Promise<void>;
}
