/** The REST routes about endpoints and registered models, typed. */

import { IAttempt, IEndpoint, IEndpoints } from './servingtypes';
import { Answer, ILogPage } from './types';

type Request = <T>(method: string, path: string, query?: Record<string, string>, body?: unknown) => Promise<T>;

export class ServingApi {
  constructor(private readonly request: Request) {}

  endpoints(): Promise<IEndpoints> {
    return this.request('GET', 'endpoints');
  }

  endpoint(name: string): Promise<IEndpoint> {
    return this.request('GET', at(name));
  }

  publish(source: string, name: string, options: Record<string, unknown>): Promise<IEndpoint> {
    return this.request('POST', 'endpoints', {}, { source, name, options });
  }

  restore(): Promise<Answer<'restore_endpoints'>> {
    return this.request('POST', 'restoration', {}, {});
  }

  withdraw(name: string): Promise<Answer<'withdraw'>> {
    return this.request('DELETE', at(name));
  }

  setTraffic(name: string, weights: Record<string, number>): Promise<IEndpoint> {
    return this.request('PUT', `${at(name)}/traffic`, {}, { weights });
  }

  setShadow(name: string, version: string | null): Promise<IEndpoint> {
    return this.request('PUT', `${at(name)}/shadow`, {}, { version });
  }

  rollBack(name: string): Promise<IEndpoint> {
    return this.request('POST', `${at(name)}/rollback`, {}, {});
  }

  promote(name: string, version: string): Promise<IEndpoint> {
    return this.request('POST', `${at(name)}/promote`, {}, { version });
  }

  setReplicas(name: string, replicas: string, version: string): Promise<IEndpoint> {
    return this.request('PUT', `${at(name)}/replicas`, {}, { replicas, version });
  }

  setLimits(name: string, limits: Record<string, unknown>): Promise<IEndpoint> {
    return this.request('PUT', `${at(name)}/limits`, {}, limits);
  }

  log(name: string, start: number, count: number, wanted: string): Promise<ILogPage> {
    return this.request('GET', `${at(name)}/log`, { start: String(start), count: String(count), q: wanted });
  }

  history(name: string): Promise<Answer<'endpoint_history'>> {
    return this.request('GET', `${at(name)}/history`);
  }

  samples(name: string, version: string): Promise<Answer<'endpoint_samples'>> {
    return this.request('GET', `${at(name)}/samples`, { version });
  }

  attempt(name: string, body: unknown, version: string, model: string): Promise<IAttempt> {
    return this.request('POST', `${at(name)}/try`, {}, { body, version, model });
  }

  tokens(name: string): Promise<Answer<'endpoint_tokens'>> {
    return this.request('GET', `${at(name)}/tokens`);
  }

  newToken(name: string, label: string): Promise<Answer<'new_token'>> {
    return this.request('POST', `${at(name)}/tokens`, {}, { label });
  }

  revokeToken(name: string, label: string): Promise<Answer<'revoke_token'>> {
    return this.request('DELETE', `${at(name)}/tokens/${encodeURIComponent(label)}`);
  }

  models(): Promise<Answer<'models'>> {
    return this.request('GET', 'models');
  }

  setAlias(name: string, alias: string, number: number): Promise<Answer<'set_alias'>> {
    return this.request('PUT', aliasAt(name, alias), {}, { number });
  }

  deleteAlias(name: string, alias: string): Promise<Answer<'delete_alias'>> {
    return this.request('DELETE', aliasAt(name, alias));
  }
}

function at(name: string): string {
  return `endpoints/${encodeURIComponent(name)}`;
}

function aliasAt(name: string, alias: string): string {
  return `models/${encodeURIComponent(name)}/aliases/${encodeURIComponent(alias)}`;
}
