/** A registered model, and a version of it, as rows of the sidebar. */

import * as React from 'react';

import { caretDownIcon, caretRightIcon, closeIcon, ellipsesIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';

import { IModel } from '../api/servingtypes';
import { CommandIDs } from '../commandids';
import { ago } from '../components/format';
import { openVersionMenu } from './modelmenu';
import { IVersionRowProps } from './props';
import { servedBy } from './registry';

interface IModelRowProps {
  registered: IModel;
  isOpen: boolean;
  onToggle: () => void;
  trans: TranslationBundle;
}

export function ModelRowView({ registered, isOpen, onToggle, trans }: IModelRowProps): JSX.Element {
  const Caret = isOpen ? caretDownIcon : caretRightIcon;
  const aliases = Object.entries(registered.aliases).map(([alias, number]) => `@${alias} ${number}`);
  const endpoints = servedBy(registered);
  const line = [
    trans._n('%1 version', '%1 versions', registered.versions.length),
    ...aliases,
    ...(registered.updated_at ? [ago(registered.updated_at)] : [])
  ];
  return (
    <button className="wb-Run wb-mod-inFlow wb-mod-model" aria-expanded={isOpen} onClick={onToggle}>
      <Caret.react tag="span" className="wb-Caret" />
      <span className="wb-Run-main">
        <span className="wb-Run-name">{registered.name}</span>
        <span className="wb-Run-line">{line.join(' · ')}</span>
      </span>
      {endpoints.length > 0 && (
        <span className="wb-Badge" title={endpoints.join(', ')}>
          {trans.__('served')}
        </span>
      )}
    </button>
  );
}

export function VersionRowView(props: IVersionRowProps): JSX.Element {
  const { registered, version, model, commands, trans, does } = props;
  const { run_id: runId } = version;
  const link = (label: string, title: string, onClick: () => unknown) => (
    <button key={title} className="wb-Link" title={title} onClick={() => void onClick()}>
      {label}
    </button>
  );
  return (
    <div
      className="wb-ModelVersion"
      onContextMenu={event => {
        event.preventDefault();
        event.stopPropagation();
        openVersionMenu(props, { x: event.clientX, y: event.clientY });
      }}
    >
      <span className="wb-Run-main">
        <span className="wb-ModelVersion-chips">
          <strong>{version.number}</strong>
          {version.aliases.map(alias => (
            <span key={alias} className="wb-Chip wb-mod-alias">
              @{alias}
              <button
                className="wb-IconButton"
                aria-label={trans.__('Remove alias %1', alias)}
                title={trans.__('Remove alias %1', alias)}
                onClick={() => void does(() => model.api.serving.deleteAlias(registered.name, alias))}
              >
                <closeIcon.react tag="span" />
              </button>
            </span>
          ))}
          {version.endpoints.map(name => (
            <button
              key={name}
              className="wb-Badge"
              title={trans.__('Open the endpoint %1', name)}
              onClick={() => void commands.execute(CommandIDs.openEndpoint, { name })}
            >
              {name}
            </button>
          ))}
        </span>
        <span className="wb-Run-line">
          {runId &&
            link(version.run_name || runId.slice(0, 8), trans.__('Open the run that made it'), () =>
              commands.execute(CommandIDs.openRun, { runId, name: version.run_name || '' })
            )}
          {version.notebook && !version.notebook.startsWith('/') && (
            <>
              {runId && ' · '}
              {link(version.notebook, trans.__('Open the notebook'), () =>
                commands.execute('docmanager:open', { path: version.notebook })
              )}
            </>
          )}
          {version.created_at !== null && `${runId || version.notebook ? ' · ' : ''}${ago(version.created_at)}`}
        </span>
      </span>
      <button
        className="wb-IconButton"
        aria-label={trans.__('Actions for version %1 of %2', version.number, registered.name)}
        aria-haspopup="menu"
        title={trans.__('More')}
        onClick={event => openVersionMenu(props, event.currentTarget)}
      >
        <ellipsesIcon.react tag="span" />
      </button>
    </div>
  );
}
