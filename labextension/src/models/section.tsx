/** The sidebar's section of registered models: versions, aliases, where each came from and which endpoints serve it. */

import * as React from 'react';

import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { useVirtualizer } from '@tanstack/react-virtual';

import { IModel } from '../api/servingtypes';
import { LIVE_STATES } from '../api/states';
import { ISnapshot } from '../api/types';
import { Empty, Problem } from '../components/common';
import { SeenWidget, usePolled } from '../components/polled';
import { WorkbenchModel } from '../model';
import { ModelRowView, VersionRowView } from './modelrows';
import { rowsOf } from './registry';

const LOOK_EVERY_MS = 10_000;
const EXAMPLE = '%publish model';
const ROW_PX = 44;
const MANY = 8;

export class ModelsSection extends SeenWidget {
  constructor(
    private readonly model: WorkbenchModel,
    private readonly commands: CommandRegistry,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.title.label = trans.__('Models');
    this.addClass('wb-ModelsSection');
  }

  render(): JSX.Element {
    return <Models model={this.model} commands={this.commands} trans={this.trans} widget={this} />;
  }
}

interface IModelsProps {
  model: WorkbenchModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  widget: SeenWidget;
}

function Models({ model, commands, trans, widget }: IModelsProps): JSX.Element {
  const read = React.useCallback(() => model.api.serving.models().then(answer => answer.models), [model]);
  const { data, error, refresh } = usePolled<IModel[]>(read, widget, LOOK_EVERY_MS);
  const [refusal, setRefusal] = React.useState('');
  // A run that ended may have brought a model.
  React.useEffect(() => {
    const onRuns = (_: unknown, runs: ISnapshot[]) => {
      if (widget.isVisible && runs.some(run => !LIVE_STATES.includes(run.state))) {
        void refresh();
      }
    };
    model.runsChanged.connect(onRuns);
    return () => {
      model.runsChanged.disconnect(onRuns);
    };
  }, [model, refresh, widget]);
  const does = React.useCallback(
    async (order: () => Promise<unknown>) => {
      setRefusal('');
      await order().catch(problem => setRefusal((problem as Error).message));
      await refresh();
    },
    [refresh]
  );
  if (error && data === null) {
    return <Problem text={error} again={trans.__('Try again')} onAgain={refresh} />;
  }
  if (data === null) {
    return (
      <Empty>
        <span className="wb-Spinner" />
        {trans.__('Looking for models…')}
      </Empty>
    );
  }
  if (data.length === 0) {
    return (
      <Empty>
        <p>{trans.__('No model is registered yet. Publishing one registers it:')}</p>
        <p>
          <code className="wb-Typed">{EXAMPLE}</code>
        </p>
      </Empty>
    );
  }
  return (
    <div className="wb-Models">
      {(refusal || error) && (
        <p className="wb-Note wb-mod-error" role="alert">
          {refusal || error}
        </p>
      )}
      <Rows models={data} model={model} commands={commands} trans={trans} does={does} />
    </div>
  );
}

interface IRowsProps {
  models: IModel[];
  model: WorkbenchModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  does: (order: () => Promise<unknown>) => Promise<void>;
}

function Rows({ models, model, commands, trans, does }: IRowsProps): JSX.Element {
  const [open, setOpen] = React.useState<ReadonlySet<string>>(
    () => new Set(models.length === 1 ? [models[0].name] : [])
  );
  const [wanted, setWanted] = React.useState('');
  const rows = React.useMemo(() => rowsOf(models, open, wanted), [models, open, wanted]);
  const scroller = React.useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12
  });
  const toggle = (name: string) => {
    const next = new Set(open);
    if (!next.delete(name)) {
      next.add(name);
    }
    setOpen(next);
  };
  return (
    <>
      {models.length > MANY && (
        <div className="wb-Runs-toolbar">
          <input
            className="jp-mod-styled"
            type="search"
            placeholder={trans.__('Search in models')}
            aria-label={trans.__('Search in models')}
            value={wanted}
            onChange={event => setWanted(event.target.value)}
          />
        </div>
      )}
      <div className="wb-Endpoints-list" ref={scroller}>
        <ul className="wb-Virtual" aria-label={trans.__('Models')} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(item => {
            const row = rows[item.index];
            return (
              <li
                key={`${row.model.name}/${row.version?.number ?? ''}`}
                aria-setsize={rows.length}
                aria-posinset={item.index + 1}
                style={{ transform: `translateY(${item.start}px)`, height: ROW_PX }}
              >
                {row.version ? (
                  <VersionRowView
                    registered={row.model}
                    version={row.version}
                    model={model}
                    commands={commands}
                    trans={trans}
                    does={does}
                  />
                ) : (
                  <ModelRowView
                    registered={row.model}
                    isOpen={open.has(row.model.name)}
                    onToggle={() => toggle(row.model.name)}
                    trans={trans}
                  />
                )}
              </li>
            );
          })}
        </ul>
      </div>
      {rows.length === 0 && <Empty>{trans.__('No model matches.')}</Empty>}
    </>
  );
}
