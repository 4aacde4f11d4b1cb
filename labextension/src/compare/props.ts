/** Props of the tabs of a comparison. */

import { TranslationBundle } from '@jupyterlab/translation';

import { IComparedRun } from '../api/types';
import { WorkbenchModel } from '../model';

export interface ICompareTabProps {
  runs: IComparedRun[];
  model: WorkbenchModel;
  trans: TranslationBundle;
}
