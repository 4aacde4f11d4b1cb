/** The cell as it was when the run began. */

import * as React from 'react';

import { Clipboard } from '@jupyterlab/apputils';

import { Empty } from './common';
import { IRunTabProps } from './runview';

export function CellTab({ run, model, trans }: IRunTabProps): JSX.Element {
  const [source, setSource] = React.useState<string | null>(null);
  const [error, setError] = React.useState('');
  React.useEffect(() => {
    model.api
      .artifact(run.run_id, 'lineage/cell.py')
      .then(file => setSource(new TextDecoder().decode(Uint8Array.from(atob(file.data), c => c.charCodeAt(0)))))
      .catch(problem => setError((problem as Error).message));
  }, [run.run_id]);
  if (error) {
    return <Empty>{run.source === 'workbench' ? error : trans.__('Workbench did not start this run: its cell is not known.')}</Empty>;
  }
  if (source === null) {
    return <Empty><span className="wb-Spinner" />{trans.__('Reading the cell…')}</Empty>;
  }
  return (
    <div className="wb-Cell">
      <div className="wb-Buttons">
        <button className="jp-mod-styled" onClick={() => Clipboard.copyToSystem(source)}>{trans.__('Copy')}</button>
      </div>
      <pre>{source}</pre>
    </div>
  );
}
