/** Props of the row of a model version. */

import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';

import { IModel, IModelVersion } from '../api/servingtypes';
import { WorkbenchModel } from '../model';

export interface IVersionRowProps {
  registered: IModel;
  version: IModelVersion;
  model: WorkbenchModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  does: (order: () => Promise<unknown>) => Promise<void>;
}
