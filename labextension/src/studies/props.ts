/** The place of a study, and props of the tabs of its view. */

import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';

import { WorkbenchModel } from '../model';
import { IStudyData } from './study';

/** Where a study is. */
export interface IStudyPlace {
  storage: string;
  study: number;
  name: string;
}

export interface IStudyTabProps {
  study: IStudyData;
  place: IStudyPlace;
  model: WorkbenchModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  /** Opens the run of a trial. */
  onPick: (trial: number) => void;
}
