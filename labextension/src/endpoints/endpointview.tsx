/** The view of an endpoint in the main area, with its tabs. */

import * as React from 'react';

import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';

import { IEndpoint } from '../api/servingtypes';
import { Empty, Problem } from '../components/common';
import { SeenWidget, usePolled } from '../components/polled';
import { Tabs } from '../components/tabs';
import { WorkbenchModel } from '../model';
import { AccessTab } from './access';
import { ChartsPart } from './charts';
import { EventsTab } from './events';
import { EndpointHead } from './head';
import { EndpointLog } from './log';
import { IEndpointTabProps } from './props';
import { SamplesTab } from './samples';
import { IEntered } from './tryit';
import { TryTab } from './trytab';
import { VersionsPart } from './versions';

const LOOK_EVERY_MS = 2000;

export class EndpointView extends SeenWidget {
  constructor(
    readonly name: string,
    private readonly model: WorkbenchModel,
    private readonly commands: CommandRegistry,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.addClass('wb-RunView');
    this.addClass('wb-EndpointView');
  }

  render(): JSX.Element {
    return <Endpoint name={this.name} model={this.model} commands={this.commands} trans={this.trans} widget={this} />;
  }
}

interface IEndpointProps {
  name: string;
  model: WorkbenchModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  widget: SeenWidget;
}

function Endpoint({ name, model, commands, trans, widget }: IEndpointProps): JSX.Element {
  const read = React.useCallback(() => model.api.serving.endpoint(name), [model, name]);
  const { data: endpoint, error, refresh, put } = usePolled<IEndpoint>(read, widget, LOOK_EVERY_MS);
  const [entered, setEntered] = React.useState<Record<string, IEntered>>({});
  const enter = React.useCallback(
    (key: string, next: (before: IEntered | undefined) => IEntered) =>
      setEntered(all => ({ ...all, [key]: next(all[key]) })),
    []
  );
  const [refusal, setRefusal] = React.useState('');
  const does = React.useCallback(
    async (order: () => Promise<unknown>) => {
      setRefusal('');
      try {
        const answer = await order();
        if (isEndpoint(answer)) {
          put(answer);
        } else {
          await refresh();
        }
      } catch (problem) {
        setRefusal((problem as Error).message);
        await refresh();
      }
    },
    [put, refresh]
  );
  if (error && endpoint === null) {
    return <Problem text={error} again={trans.__('Try again')} onAgain={refresh} />;
  }
  if (endpoint === null) {
    return (
      <Empty>
        <span className="wb-Spinner" />
        {trans.__('Loading the endpoint…')}
      </Empty>
    );
  }
  const props: IEndpointTabProps = { endpoint, model, commands, trans, widget, entered, enter, does };
  const tabs: [string, string, () => JSX.Element][] = [
    ['overview', trans.__('Overview'), () => <Overview {...props} />],
    ['try', trans.__('Try it'), () => <TryTab {...props} />],
    ['samples', trans.__('Samples'), () => <SamplesTab {...props} />],
    ['log', trans.__('Log'), () => <EndpointLog {...props} />],
    ['access', trans.__('Access'), () => <AccessTab {...props} />],
    ['events', trans.__('Events'), () => <EventsTab {...props} />]
  ];
  return (
    <>
      <EndpointHead {...props} isPast={error !== ''} error={refusal || error} />
      <Tabs id={`endpoint-${name}`} tabs={tabs} />
    </>
  );
}

function Overview(props: IEndpointTabProps): JSX.Element {
  return (
    <>
      <VersionsPart {...props} />
      <ChartsPart {...props} />
    </>
  );
}

function isEndpoint(answer: unknown): answer is IEndpoint {
  return typeof answer === 'object' && answer !== null && 'versions' in answer;
}
