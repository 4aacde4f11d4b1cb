/** What is asked before something is published, and the options that it makes. */

/** What a new version gets once it answers: all requests, some on trial, a copy of each, or none. */
export type FirstTraffic = 'all' | 'canary' | 'shadow' | 'none';

export interface IPublishing {
  /** A run's id or name, or a registered model: `digits/3`. */
  source: string;
  /** What the user knows the source by. */
  title: string;
  name: string;
  replicas: string;
  traffic: FirstTraffic;
  /** Percent, step by step: `10%,50%`. */
  canary: string;
  slo: string;
  cpus: string;
  gpus: string;
  cache: string;
  samples: string;
  alias: string;
  isPinned: boolean;
}

/** What a form begins with. */
export function blank(source = '', title = '', name = ''): IPublishing {
  return {
    source,
    title,
    name: endpointName(name),
    replicas: '',
    traffic: 'all',
    canary: '10%',
    slo: '',
    cpus: '',
    gpus: '',
    cache: '',
    samples: '',
    alias: '',
    isPinned: false
  };
}

/** A name that an endpoint may have, made of another's. */
export function endpointName(text: string): string {
  return text
    .trim()
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 63);
}

/** The options as `%publish` has them; what was left empty is left to it. */
export function optionsOf(chosen: IPublishing): Record<string, unknown> {
  const texts = Object.entries({ replicas: chosen.replicas, slo: chosen.slo, alias: chosen.alias });
  const numbers = Object.entries({
    cpus: chosen.cpus,
    gpus: chosen.gpus,
    cache: chosen.cache,
    samples: chosen.samples
  });
  return Object.fromEntries<unknown>([
    ...texts.map(([key, value]) => [key, value.trim()] as const).filter(([, value]) => value),
    ...numbers.filter(([, value]) => value.trim()).map(([key, value]) => [key, Number(value)] as const),
    ...(chosen.traffic === 'canary' ? [['canary', chosen.canary.trim()] as const] : []),
    ...(chosen.traffic === 'shadow' ? [['shadow', true] as const] : []),
    ...(chosen.traffic === 'none' ? [['traffic', false] as const] : []),
    ...(chosen.isPinned ? [['env', 'pinned'] as const] : [])
  ]);
}
