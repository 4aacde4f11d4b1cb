/** A run's params, latest metric values and tags as tables. */

import * as React from 'react';

import { Empty } from '../components/common';
import { number } from '../components/format';
import { IRunTabProps } from './props';

export function ParamsTab({ run, snapshot, trans }: IRunTabProps): JSX.Element {
  const metrics = { ...run.metrics, ...snapshot.metrics };
  const tags = Object.entries(run.tags).filter(
    ([name]) => !name.startsWith('workbench.failure') && !name.startsWith('mlflow.source.git.diff')
  );
  return (
    <div className="wb-Params">
      <Table
        title={trans.__('Params')}
        rows={Object.entries(run.params)}
        empty={trans.__('No params: literals of the cell and captured numbers and texts are listed here.')}
      />
      <Table
        title={trans.__('Metrics, latest values')}
        rows={Object.entries(metrics).map(([name, value]) => [name, number(value)])}
        empty={trans.__('No metrics.')}
      />
      <Table title={trans.__('Tags')} rows={tags} empty={trans.__('No tags.')} />
    </div>
  );
}

function Table(props: { title: string; rows: [string, string][]; empty: string }): JSX.Element {
  return (
    <section>
      <h3>{props.title}</h3>
      {props.rows.length === 0 ? (
        <Empty>{props.empty}</Empty>
      ) : (
        <table className="wb-Table">
          <tbody>
            {props.rows
              .sort(([a], [b]) => a.localeCompare(b))
              .map(([name, value]) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>{value}</td>
                </tr>
              ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
