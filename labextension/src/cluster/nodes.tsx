/** The resources of a cluster and their use, in total and per node. */

import * as React from 'react';

import { TranslationBundle } from '@jupyterlab/translation';

import { ICluster, INode, ISnapshot } from '../api/types';
import { Meter } from '../components/common';
import { bytes, number } from '../components/format';

/** The reserved CPUs and GPUs of the cluster, and the memory in use where its nodes report it. */
export function Resources({ cluster, trans }: { cluster: ICluster; trans: TranslationBundle }): JSX.Element {
  const usages = cluster.nodes.map(node => node.usage).filter(usage => usage !== null);
  const memory = usages.length
    ? {
        used: usages.reduce((sum, usage) => sum + usage.memory_used, 0),
        total: usages.reduce((sum, usage) => sum + usage.memory_total, 0)
      }
    : cluster.resources.memory;
  const gpus = usages.flatMap(usage => usage.gpus);
  const rows: [string, string, { used: number; total: number }][] = [];
  for (const kind of ['CPU', 'GPU']) {
    const found = cluster.resources[kind];
    if (found) {
      rows.push([kind, trans.__('%1 of %2 reserved', number(found.used), number(found.total)), found]);
    }
  }
  const sized: [string, { used: number; total: number } | undefined][] = [
    [
      trans.__('GPU memory'),
      gpus.length
        ? {
            used: gpus.reduce((sum, gpu) => sum + gpu.memory_used, 0),
            total: gpus.reduce((sum, gpu) => sum + gpu.memory_total, 0)
          }
        : undefined
    ],
    [trans.__('memory'), memory],
    [trans.__('object store'), cluster.resources['object store']]
  ];
  for (const [label, found] of sized) {
    if (found) {
      rows.push([label, trans.__('%1 of %2', bytes(found.used), bytes(found.total)), found]);
    }
  }
  return (
    <div className="wb-Cluster-meters">
      {rows.map(([label, text, { used, total }]) => (
        <Meter key={label} label={label} used={used} total={total} text={text} />
      ))}
    </div>
  );
}

interface INodesProps {
  cluster: ICluster;
  runs: ISnapshot[];
  trans: TranslationBundle;
}

/** Each node with its load and its ranks. The totals above describe a single node. */
export function Nodes({ cluster, runs, trans }: INodesProps): JSX.Element | null {
  const hasGpus = cluster.nodes.some(node => node.usage?.gpus.length);
  if (cluster.nodes.length < 2 && !hasGpus) {
    return null;
  }
  return (
    <ul className="wb-Cluster-nodes" aria-label={trans.__('Nodes')}>
      {cluster.nodes.map(node => (
        <li key={node.id} title={node.address}>
          <span className="wb-Cluster-node">{node.name}</span>
          <span className="wb-Muted">{summary(node, trans)}</span>
          {node.usage?.gpus.map((gpu, index) => (
            <Meter
              key={index}
              label={trans.__('GPU %1', index)}
              used={gpu.memory_used}
              total={gpu.memory_total}
              text={`${Math.round(gpu.percent)} % · ${bytes(gpu.memory_used)}`}
            />
          ))}
          {ranksOn(node, runs).map(text => (
            <span key={text} className="wb-Cluster-ranks wb-Muted">
              {text}
            </span>
          ))}
        </li>
      ))}
    </ul>
  );
}

function summary(node: INode, trans: TranslationBundle): string {
  const parts = [trans.__('%1 CPU', number(node.cpus))];
  if (node.gpus) {
    parts.push(trans.__('%1 GPU', number(node.gpus)));
  }
  if (node.usage) {
    parts.push(trans.__('%1 % busy', Math.round(node.usage.cpu_percent)));
    parts.push(trans.__('%1 of %2', bytes(node.usage.memory_used), bytes(node.usage.memory_total)));
  } else {
    parts.push(bytes(node.memory));
  }
  return parts.join(' · ');
}

/** Describe what runs on a node: `digits: ranks 0, 1`. */
function ranksOn(node: INode, runs: ISnapshot[]): string[] {
  return runs
    .map(run => ({ run, ranks: run.workers.filter(worker => worker.node === node.name).map(worker => worker.rank) }))
    .filter(({ ranks }) => ranks.length > 0)
    .map(({ run, ranks }) => `${run.name}: ${ranks.length === 1 ? 'rank' : 'ranks'} ${ranks.join(', ')}`);
}
