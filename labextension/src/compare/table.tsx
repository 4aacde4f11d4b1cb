/** The comparison as a table, one column per run, with differences marked. */

import * as React from 'react';

import { Empty } from '../components/common';
import { download } from '../components/download';
import { comparisonRows, csv, IComparisonRow, isOfRank, RowKind } from './comparison';
import { ICompareTabProps } from './props';
import { Swatch } from './swatch';

export function CompareTable({ runs, trans }: ICompareTabProps): JSX.Element {
  const [onlyDifferences, setOnlyDifferences] = React.useState(false);
  const rows = React.useMemo(() => comparisonRows(runs), [runs]);
  const [withRanks, setWithRanks] = React.useState(false);
  const shown = rows.filter(row => (row.differs || !onlyDifferences) && (withRanks || !isOfRank(row.name)));
  const titles: Record<RowKind, string> = {
    run: trans.__('Run'),
    param: trans.__('Params'),
    metric: trans.__('Metrics, latest values')
  };
  return (
    <>
      <div className="wb-Curves-toolbar">
        <label>
          <input
            type="checkbox"
            checked={onlyDifferences}
            onChange={event => setOnlyDifferences(event.target.checked)}
          />
          {trans.__('Only differences')}
        </label>
        {rows.some(row => isOfRank(row.name)) && (
          <label>
            <input type="checkbox" checked={withRanks} onChange={event => setWithRanks(event.target.checked)} />
            {trans.__('Every rank’s metrics')}
          </label>
        )}
        <button className="jp-mod-styled" onClick={() => download('comparison.csv', csv(runs, rows))}>
          {trans.__('Save as CSV')}
        </button>
      </div>
      <div className="wb-Compare-scroll">
        <table className="wb-Table wb-Compare-table">
          <thead>
            <tr>
              <td />
              {runs.map((run, index) => (
                <th key={run.run_id} scope="col">
                  <Swatch index={index} />
                  {run.name}
                </th>
              ))}
            </tr>
          </thead>
          {(['run', 'param', 'metric'] as const).map(kind => (
            <Section
              key={kind}
              title={titles[kind]}
              rows={shown.filter(row => row.kind === kind)}
              columns={runs.length}
              differs={trans.__('differs')}
            />
          ))}
        </table>
      </div>
      {shown.length === 0 && <Empty>{trans.__('No recorded value differs between these runs.')}</Empty>}
    </>
  );
}

interface ISectionProps {
  title: string;
  rows: IComparisonRow[];
  columns: number;
  differs: string;
}

function Section({ title, rows, columns, differs }: ISectionProps): JSX.Element | null {
  if (rows.length === 0) {
    return null;
  }
  return (
    <tbody>
      <tr className="wb-Compare-section">
        <th scope="colgroup" colSpan={columns + 1}>
          {title}
        </th>
      </tr>
      {rows.map(row => (
        <tr key={row.name} className={row.differs ? 'wb-mod-differs' : ''} title={row.differs ? differs : undefined}>
          <th scope="row">{row.name}</th>
          {row.values.map((value, index) => (
            <td key={index}>{value}</td>
          ))}
        </tr>
      ))}
    </tbody>
  );
}
