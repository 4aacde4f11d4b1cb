/** Props of the tabs of a run's view. */

import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';

import { IRunDetail, ISnapshot } from '../api/types';
import { WorkbenchModel } from '../model';

export interface IRunTabProps {
  run: IRunDetail;
  snapshot: ISnapshot;
  model: WorkbenchModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
}
