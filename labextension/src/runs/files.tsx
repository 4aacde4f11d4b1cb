/** The files of a run with a preview; HTML is shown in a sandboxed frame without permissions. */

import * as React from 'react';

import { DSV, dsvFormat } from 'd3-dsv';

import { IArtifact } from '../api/types';
import { Empty } from '../components/common';
import { bytes } from '../components/format';
import { IRunTabProps } from './props';

const MOST_TEXT = 200_000;
const MOST_ROWS = 500;
const TABLES: Record<string, DSV> = { csv: dsvFormat(','), tsv: dsvFormat('\t') };

export function FilesTab({ run, snapshot, model, trans }: IRunTabProps): JSX.Element {
  const [paths, setPaths] = React.useState<string[] | null>(null);
  const [file, setFile] = React.useState<IArtifact | null>(null);
  const [chosen, setChosen] = React.useState('');
  const [error, setError] = React.useState('');
  React.useEffect(() => {
    model.api
      .artifacts(run.run_id)
      .then(found => setPaths(found.paths))
      .catch(problem => setError((problem as Error).message));
  }, [model, run.run_id, snapshot.state]);
  const open = async (path: string) => {
    setChosen(path);
    setFile(null);
    setError('');
    try {
      setFile(await model.api.artifact(run.run_id, path));
    } catch (problem) {
      setError((problem as Error).message);
    }
  };
  if (paths === null && !error) {
    return (
      <Empty>
        <span className="wb-Spinner" />
        {trans.__('Loading the files…')}
      </Empty>
    );
  }
  if (paths?.length === 0) {
    return <Empty>{trans.__('This run has no files yet.')}</Empty>;
  }
  return (
    <div className="wb-Files">
      <ul className="wb-Files-list" aria-label={trans.__('Files')}>
        {(paths ?? []).map(path => (
          <li key={path}>
            <button className="wb-Link" aria-current={path === chosen} onClick={() => void open(path)}>
              {path}
            </button>
          </li>
        ))}
      </ul>
      <div className="wb-Files-view">
        {error && <Empty isError>{error}</Empty>}
        {!error && !chosen && <Empty>{trans.__('Choose a file to preview it.')}</Empty>}
        {!error && chosen && !file && (
          <Empty>
            <span className="wb-Spinner" />
            {chosen}
          </Empty>
        )}
        {file && <Look file={file} />}
      </div>
    </div>
  );
}

function Look({ file }: { file: IArtifact }): JSX.Element {
  const raw = React.useMemo(() => atob(file.data), [file]);
  const link = `data:${file.type};base64,${file.data}`;
  const name = file.path.split('/').pop() ?? 'file';
  const text = React.useMemo(() => decode(raw), [raw]);
  const table = TABLES[name.split('.').pop() ?? ''];
  return (
    <>
      <div className="wb-Files-head">
        <span>{file.path}</span>
        <span className="wb-Muted">{bytes(raw.length)}</span>
        <a className="wb-Link" href={link} download={name}>
          ⤓ {name}
        </a>
      </div>
      {file.type.startsWith('image/') ? (
        <img src={link} alt={file.path} />
      ) : file.type === 'text/html' ? (
        <iframe sandbox="" srcDoc={text ?? ''} title={file.path} />
      ) : text !== null && table ? (
        <DataTable rows={table.parseRows(text)} />
      ) : text !== null ? (
        <pre>{pretty(file, text).slice(0, MOST_TEXT)}</pre>
      ) : null}
    </>
  );
}

/** The first rows of a table; its first line names the columns. */
function DataTable({ rows }: { rows: string[][] }): JSX.Element {
  const [head, ...body] = rows;
  return (
    <div className="wb-Compare-scroll">
      <table className="wb-Table wb-Compare-table">
        <thead>
          <tr>
            {head?.map((name, index) => (
              <th key={index} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {body.slice(0, MOST_ROWS).map((row, index) => (
            <tr key={index}>
              {row.map((value, column) => (
                <td key={column}>{value}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {body.length > MOST_ROWS && <p className="wb-Muted">… {(body.length - MOST_ROWS).toLocaleString()}</p>}
    </div>
  );
}

/** Decode bytes as text, or return null where they are not text. */
function decode(raw: string): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(raw, char => char.charCodeAt(0)));
    return text.includes('\0') ? null : text;
  } catch {
    return null;
  }
}

function pretty(file: IArtifact, text: string): string {
  if (!file.path.endsWith('.json')) {
    return text;
  }
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
