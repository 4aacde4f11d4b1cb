/** What each tab of a comparison is given. */

import { TranslationBundle } from '@jupyterlab/translation';

import { IComparedRun } from '../api/types';
import { WorkbenchModel } from '../model';

export interface ICompareTabProps {
  runs: IComparedRun[];
  model: WorkbenchModel;
  trans: TranslationBundle;
}
