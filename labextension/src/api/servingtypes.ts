/** Endpoints and registered models as the server tells of them; see `types.ts`. */

import { components } from './generated';

type Schemas = components['schemas'];

export type VersionState = Schemas['VersionState'];
export type IEndpoint = Schemas['EndpointDetail'];
export type IEndpoints = Schemas['EndpointList'];
export type IVersion = Schemas['VersionSnapshot'];
export type IServedModel = Schemas['ServedModel'];
export type ICanary = Schemas['CanarySnapshot'];
export type IStats = Schemas['EndpointStats'];
export type IRecent = Schemas['RecentFigures'];
export type IHistory = Schemas['EndpointHistory']['versions'];
export type ISample = Schemas['Sample'];
export type IAttempt = Schemas['Attempt'];
export type ITokenRow = Schemas['TokenRow'];
export type IField = Schemas['ModelField'];
export type IModelSchema = Schemas['ModelSchema'];
export type IModel = Schemas['Model'];
export type IModelVersion = Schemas['ModelVersion'];
