/** Studies and their trials as the server tells of them; see `types.ts`. */

import { components } from './generated';

type Schemas = components['schemas'];

export type TrialState = Schemas['TrialCurve']['state'];
export type IParamKind = Schemas['ParamSpace'];
/** What `GET studies/STORAGE/STUDY` answers: the trials column by column. */
export type IStudyColumns = Schemas['StudyDetail'];
export type ICurveOfTrial = Schemas['TrialCurve'];
export type ParamValue = IStudyColumns['params'][string][number];
